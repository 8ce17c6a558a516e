import { type SessionOptions, useSession } from '../session.ts'
import { credentialHeader } from '../credential-header.ts'
import { print, printJson, warnOfSecret } from '../terminal.ts'

/** Prints a token that is valid now, renewed when it has to be. */
export async function token(options: SessionOptions & { header?: boolean; json?: boolean }) {
  const session = await useSession(options)
  const { accessToken, expiresAt } = await session.manager.getTokens()
  const [name, value] = await credentialHeader(session)
  warnOfSecret('token')
  if (options.json) {
    return printJson({ url: session.url, token: accessToken, header: { name, value }, expiresAt })
  }
  print(options.header ? `${name}: ${value}` : accessToken)
}
