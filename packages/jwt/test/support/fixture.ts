/** What a server answered, and whether that is about the token. */
export interface Fixture {
  what: string
  status: number
  challenge?: string
  headers?: Record<string, string>
  body?: unknown
  rejected: boolean
  /** Whether the body had to be read. Default: not. */
  read?: boolean
}

export const unauthorized = { what: 'expired', status: 401, rejected: true }
export const forbidden = { what: 'missing rights', status: 403, rejected: false }
export const success = { what: 'success', status: 200, body: { data: [] }, rejected: false }
