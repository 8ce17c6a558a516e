import { freshCredential, freshIdToken } from '../fresh-credential.ts'
import { type SessionOptions, useSession } from '../session.ts'
import { print, printJson, warnOfSecret } from '../terminal.ts'
import { credentialProcess, execCredential, type TokenFormat } from '../token-formats.ts'

export interface TokenOptions extends SessionOptions {
  format: TokenFormat
  /** The ID token instead of the access token. */
  idToken?: boolean
}

/** Prints a token that stays valid for a while. Renews it first if too little of its life is left. */
export async function token({ format, idToken, ...options }: TokenOptions): Promise<void> {
  const session = await useSession(options)
  const credential = await (idToken ? freshIdToken : freshCredential)(session)
  const { token: bare, expiresAt, header } = credential
  const [name, value] = header
  // This can fail, so it comes before the warning about a secret on the screen.
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
