import { machine } from './server.ts'

/** What an OAuth server says about a token (RFC 7662). */
export async function introspect(
  issuer: string,
  token: string,
  { clientId, clientSecret }: typeof machine = machine,
): Promise<{ active: boolean; sub?: string; aud?: string }> {
  const credentials = btoa(`${clientId}:${encodeURIComponent(clientSecret)}`)
  const response = await fetch(`${issuer}/token/introspection`, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}` },
    body: new URLSearchParams({ token }),
  })
  return (await response.json()) as { active: boolean; sub?: string; aud?: string }
}
