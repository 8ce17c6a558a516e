/** An error answer of RFC 6749 section 5.2: thrown by a route, turned into a response in one place. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  readonly status: number
  readonly error: string
  readonly description: string
  readonly headers: Readonly<Record<string, string>>

  constructor(
    error: string,
    description: string,
    { status = 400, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
  ) {
    super(`${error}: ${description}`)
    this.error = error
    this.description = description
    this.status = status
    this.headers = headers
  }

  toResponse(): Response {
    return Response.json(
      { error: this.error, error_description: this.description },
      { status: this.status, headers: { 'cache-control': 'no-store', ...this.headers } },
    )
  }
}

export const invalidGrant = (description: string) => new OAuthError('invalid_grant', description)
export const invalidRequest = (description: string) =>
  new OAuthError('invalid_request', description)
