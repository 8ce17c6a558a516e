import type { Session } from './session.ts'

/** The header that signs in a request to the session's server: its name and its value. */
export async function credentialHeader({ manager, url }: Session): Promise<[string, string]> {
  const { headers } = await manager.authorize({ url, method: 'GET' })
  const [header] = Object.entries(headers)
  if (header) return header
  throw new Error(`No token goes to ${url}.`)
}
