import { freshCredential } from '../fresh-credential.ts'
import { type SessionOptions, useSession } from '../session.ts'
import { print, printJson, warnOfSecret } from '../terminal.ts'

/** Prints a token that is valid now and for a while, renewed when it has to be. */
export async function token(options: SessionOptions & { header?: boolean; json?: boolean }) {
  const session = await useSession(options)
  const { token: bare, expiresAt, header } = await freshCredential(session)
  const [name, value] = header
  warnOfSecret('token')
  if (options.json) {
    return printJson({ url: session.url, token: bare, header: { name, value }, expiresAt })
  }
  print(options.header ? `${name}: ${value}` : bare)
}
