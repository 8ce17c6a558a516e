import type { ServerVersion, VersionTraits } from './server-version.ts'
import { traitsOf } from './server-version.ts'

/** An error answer on its way out: thrown by a route, turned into a response in one place. */
export class ErrorAnswer extends Error {
  override readonly name = 'ErrorAnswer'
  readonly status: number
  readonly body: object

  constructor(status: number, body: object) {
    super(`answers ${status}`)
    this.status = status
    this.body = body
  }
}

/** The error answers of one server generation. Every function makes a fresh answer to throw. */
export type Answers = ReturnType<typeof answersOf>

const brokenRequest =
  "Something didn't work as expected. Please try again. If the problem persists, contact support."

/** @returns the error bodies that the given server generation sends, measured on the real ones. */
export function answersOf(version: ServerVersion) {
  const traits = traitsOf(version)
  return { message, ...authenticationAnswers(traits), ...otherAnswers(traits) }
}

function message(status: number, msg: string): ErrorAnswer {
  return new ErrorAnswer(status, { msg })
}

/** The three forms in which a server says what kind of error it is. */
function forms({ plainMessages, prefixedCodes }: VersionTraits) {
  const coded = (status: number, name: string, text: string) =>
    new ErrorAnswer(status, { error: prefixedCodes ? `ERR_${name}` : name, message: text })
  const codedSince263 = (status: number, name: string, prefix: string, text: string) =>
    plainMessages ? message(status, text) : coded(status, name, `${prefix} - ${text}`)
  return { coded, codedSince263 }
}

function authenticationAnswers(traits: VersionTraits) {
  const { prefixedCodes, refreshTokensExpire } = traits
  const { coded, codedSince263 } = forms(traits)
  const required = 'Authentication required'
  const outOfDate = 'Token Expired. Please login again.'

  return {
    invalidToken: () => codedSince263(401, 'AUTHENTICATION_REQUIRED', required, 'Invalid token'),
    unauthorized: () => message(401, 'Unauthorized'),
    tokenOutOfDate: () =>
      prefixedCodes
        ? coded(401, 'AUTHENTICATION_REQUIRED', `${required} - ${outOfDate}`)
        : message(400, outOfDate),
    unknownTokenUser: () =>
      prefixedCodes
        ? message(500, brokenRequest)
        : message(400, "Cannot read properties of undefined (reading 'token_version')"),
    unknownApiToken: () =>
      prefixedCodes
        ? message(500, brokenRequest)
        : message(400, "Cannot read properties of undefined (reading 'id')"),
    apiTokenNotAllowed: () =>
      coded(401, 'API_TOKEN_NOT_ALLOWED', 'This request is not allowed with API token'),
    refreshRejected: () =>
      message(400, `${refreshTokensExpire ? `${required} - ` : ''}Invalid refresh token`),
    refreshExpired: () => message(400, `${required} - Refresh token expired`),
  }
}

function otherAnswers(traits: VersionTraits) {
  const { prefixedCodes } = traits
  const { coded, codedSince263 } = forms(traits)
  const forbidden = (text: string) => codedSince263(403, 'FORBIDDEN', 'Forbidden', text)

  return {
    roleTooLow: (action: string, roles = '') => {
      const text = `You do not have permission to perform the action "${action}" with the roles: ${roles}.`
      return prefixedCodes ? forbidden(text) : coded(403, 'PERMISSION_DENIED', text)
    },
    noRoleInBase: () =>
      forbidden(
        prefixedCodes ? 'Unauthorized access' : "You don't have permission to access this resource",
      ),
    notAllowed: () => forbidden('Not allowed'),
    baseNotFound: (id: string) => coded(404, 'BASE_NOT_FOUND', `Base '${id}' not found`),
    tableNotFound: (id: string) => coded(404, 'TABLE_NOT_FOUND', `Table '${id}' not found`),
    recordNotFound: (id: string) => coded(404, 'RECORD_NOT_FOUND', `Record '${id}' not found`),
    routeNotFound: (method: string, path: string) =>
      path.startsWith('/api/v3/')
        ? new ErrorAnswer(404, { error: 'NOT_FOUND', message: `Cannot ${method} ${path}` })
        : message(404, `Cannot ${method} ${path}`),
  }
}
