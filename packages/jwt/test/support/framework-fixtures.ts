import { type Fixture, forbidden, success, unauthorized } from './fixture.ts'

const springExpired =
  'Bearer error="invalid_token", error_description="An error occurred while attempting to decode the Jwt: Jwt expired at 2026-01-01T00:00:00Z", error_uri="https://tools.ietf.org/html/rfc6750#section-3.1"'
const springScope =
  'Bearer error="insufficient_scope", error_description="The request requires higher privileges than provided by the access token.", error_uri="https://tools.ietf.org/html/rfc6750#section-3.1"'

/** What the frameworks answer, measured or read in their sources. */
export const frameworkFixtures = {
  bearerChallenge: [
    { ...unauthorized, challenge: 'Bearer realm="api", error="invalid_token"' },
    { ...unauthorized, what: 'no challenge' },
    { ...unauthorized, what: 'a challenge without a reason', challenge: 'Bearer realm="api"' },
    { ...unauthorized, what: 'another scheme', challenge: 'Basic realm="a, error=\\"x\\""' },
    {
      ...unauthorized,
      what: 'the reason in the second of two',
      challenge: 'Bearer realm="a, b", Bearer error="invalid_token"',
    },
    {
      ...unauthorized,
      what: 'the token named by the second of two reasons',
      challenge: 'Bearer error="invalid_request", Bearer error="invalid_token"',
    },
    {
      what: 'missing scope as 401',
      status: 401,
      challenge: 'Bearer error="insufficient_scope"',
      rejected: false,
    },
    {
      what: 'a malformed request',
      status: 401,
      challenge: 'Bearer error="invalid_request"',
      rejected: false,
    },
    { ...forbidden, challenge: 'Bearer error="insufficient_scope"' },
    {
      what: 'invalid_request',
      status: 400,
      challenge: 'Bearer error="invalid_request"',
      rejected: false,
    },
    success,
  ],
  expressJwt: [
    {
      ...unauthorized,
      body: '<!DOCTYPE html>\n<html lang="en">\n<body>\n<pre>Unauthorized</pre>\n</body>\n</html>\n',
    },
    { ...unauthorized, what: 'expired, told by the application', body: { error: 'invalid token' } },
    {
      ...unauthorized,
      what: 'revoked',
      body: { code: 'revoked_token', message: 'The token has been revoked.' },
    },
    forbidden,
    success,
  ],
  passport: [
    { ...unauthorized, body: 'Unauthorized' },
    {
      ...unauthorized,
      what: 'two strategies failed',
      challenge: 'Bearer realm="Users", error="invalid_token", Basic realm="Users"',
      body: 'Unauthorized',
    },
    {
      ...forbidden,
      challenge: 'Bearer realm="Users", error="insufficient_scope"',
      body: 'Forbidden',
    },
    success,
  ],
  nestJs: [
    { ...unauthorized, body: { message: 'Unauthorized', statusCode: 401 } },
    {
      ...unauthorized,
      what: 'expired, with a text',
      body: { message: 'Token expired', error: 'Unauthorized', statusCode: 401 },
    },
    { ...forbidden, body: { message: 'Forbidden resource', error: 'Forbidden', statusCode: 403 } },
    success,
  ],
  springSecurity: [
    { ...unauthorized, challenge: springExpired },
    {
      ...unauthorized,
      what: 'expired, Spring Security 7',
      challenge: `${springExpired}, resource_metadata="https://api.test/.well-known/oauth-protected-resource"`,
    },
    { ...forbidden, challenge: springScope },
    success,
  ],
  fastApi: [
    {
      ...unauthorized,
      challenge: 'Bearer',
      body: { detail: 'Could not validate credentials' },
      read: true,
    },
    {
      ...unauthorized,
      what: 'not seen',
      challenge: 'Bearer',
      body: { detail: 'Not authenticated' },
      read: true,
    },
    {
      what: 'missing scopes as 401',
      status: 401,
      challenge: 'Bearer scope="items"',
      body: { detail: 'Not enough permissions' },
      rejected: false,
      read: true,
    },
    {
      what: 'expired, of the project template',
      status: 403,
      body: { detail: 'Could not validate credentials' },
      rejected: true,
      read: true,
    },
    { ...forbidden, body: { detail: "The user doesn't have enough privileges" }, read: true },
    { ...success, body: { detail: 'Could not validate credentials' } },
  ],
  djangoSimpleJwt: [
    {
      ...unauthorized,
      challenge: 'Bearer realm="api"',
      body: {
        detail: 'Given token not valid for any token type',
        code: 'token_not_valid',
        messages: [
          { token_class: 'AccessToken', token_type: 'access', message: 'Token is expired' },
        ],
      },
      read: true,
    },
    {
      ...unauthorized,
      what: 'password changed',
      body: { detail: "The user's password has been changed.", code: 'password_changed' },
      read: true,
    },
    {
      ...unauthorized,
      what: 'user gone',
      body: { detail: 'User not found', code: 'user_not_found' },
      read: true,
    },
    {
      what: 'a malformed header',
      status: 401,
      body: {
        detail: 'Authorization header must contain two space-delimited values',
        code: 'bad_authorization_header',
      },
      rejected: false,
      read: true,
    },
    {
      what: 'expired, behind SessionAuthentication',
      status: 403,
      body: { detail: 'Given token not valid for any token type', code: 'token_not_valid' },
      rejected: true,
      read: true,
    },
    {
      ...forbidden,
      body: { detail: 'You do not have permission to perform this action.' },
      read: true,
    },
    success,
  ],
  laravel: [
    { ...unauthorized, body: { message: 'Unauthenticated.' } },
    { ...forbidden, body: { message: 'This action is unauthorized.' } },
    {
      what: "a form's CSRF token",
      status: 419,
      body: { message: 'CSRF token mismatch.' },
      rejected: false,
    },
    success,
  ],
  plumber: [
    {
      ...unauthorized,
      body: { status: ['Failed.'], code: [401], message: ['Authentication required.'] },
      read: true,
    },
    {
      ...unauthorized,
      what: 'expired, unboxed',
      body: { status: 'Failed.', code: 401, message: 'Authentication required.' },
      read: true,
    },
    {
      what: 'a refused sign-in',
      status: 401,
      body: { status: ['Failed.'], code: [401], message: ['User or password wrong.'] },
      rejected: false,
      read: true,
    },
    {
      what: 'missing credentials',
      status: 404,
      body: { status: ['Failed.'], code: [404], message: ['Please return password or username.'] },
      rejected: false,
    },
    {
      what: 'a signing key that is not found',
      status: 500,
      body: { message: ['Authentication Error. Hint: jwks_uri'] },
      rejected: false,
    },
    { ...success, body: [1, 2, 3] },
  ],
} satisfies Record<string, Fixture[]>
