import { freshCredential, freshIdToken } from '../fresh-credential.ts'
import { type SessionOptions, useSession } from '../session.ts'
import { print, printJson, warnOfSecret } from '../terminal.ts'
import { credentialProcess, execCredential, type TokenFormat } from '../token-formats.ts'

export interface TokenOptions extends SessionOptions {
  format: TokenFormat
  /** The ID token instead of the access token. */
  idToken?: boolean
}

/** Prints a token that is valid now and for a while, renewed when it has to be. */
export async function token({ format, idToken, ...options }: TokenOptions): Promise<void> {
  const session = await useSession(options)
  const credential = await (idToken ? freshIdToken : freshCredential)(session)
  const { token: bare, expiresAt, header } = credential
  const [name, value] = header
  // What fails had better fail before a secret is announced.
  const execAnswer = format === 'exec-credential' ? execCredential(credential) : undefined
  warnOfSecret('token')
  switch (format) {
    case 'token':
      return print(bare)
    case 'header':
      return print(`${name}: ${value}`)
    case 'json':
      return printJson({ url: session.url, token: bare, header: { name, value }, expiresAt })
    case 'exec-credential':
      return printJson(execAnswer)
    case 'credential-process':
      return printJson(credentialProcess(credential))
  }
}
