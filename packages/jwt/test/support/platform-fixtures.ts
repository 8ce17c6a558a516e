import { type Fixture, forbidden, success, unauthorized } from './fixture.ts'

/** What the platforms answer, documented or read in their sources. */
export const platformFixtures = {
  postgRest: [
    {
      ...unauthorized,
      challenge: 'Bearer error="invalid_token", error_description="JWT expired"',
      body: { code: 'PGRST303', details: null, hint: null, message: 'JWT expired' },
      read: true,
    },
    {
      ...unauthorized,
      what: 'expired, older',
      body: { code: 'PGRST301', details: null, hint: null, message: 'JWT expired' },
      read: true,
    },
    {
      what: 'anonymous disabled',
      status: 401,
      challenge: 'Bearer',
      body: {
        code: 'PGRST302',
        details: null,
        hint: null,
        message: 'Anonymous access is disabled',
      },
      rejected: false,
      read: true,
    },
    {
      what: 'what anonymous may not',
      status: 401,
      body: { code: '42501', message: 'permission denied for table notes' },
      rejected: false,
      read: true,
    },
    { ...forbidden, body: { code: '42501', message: 'permission denied for table notes' } },
    success,
  ],
  supabaseAuth: [
    {
      what: 'expired, told by a header',
      status: 403,
      headers: { 'x-sb-error-code': 'bad_jwt' },
      rejected: true,
    },
    {
      what: 'expired',
      status: 403,
      body: {
        code: 403,
        error_code: 'bad_jwt',
        msg: 'invalid JWT: unable to parse or verify signature, token has invalid claims: token is expired',
      },
      rejected: true,
      read: true,
    },
    {
      what: 'expired, of 2024',
      status: 403,
      body: { code: 'bad_jwt', message: 'invalid JWT' },
      rejected: true,
      read: true,
    },
    {
      ...unauthorized,
      what: 'expired, before there were codes',
      body: { code: 401, msg: 'invalid JWT: token is expired' },
      read: true,
    },
    {
      what: 'an ended session',
      status: 403,
      headers: { 'x-sb-error-code': 'session_not_found' },
      rejected: true,
    },
    { ...forbidden, headers: { 'x-sb-error-code': 'not_admin' } },
    {
      ...forbidden,
      what: 'missing rights, in the body',
      body: { code: 403, error_code: 'insufficient_aal', msg: 'AAL2 required' },
      read: true,
    },
    {
      what: 'a wrong API key',
      status: 401,
      body: { message: 'Invalid API key', hint: 'Double check your API key.' },
      rejected: false,
      read: true,
    },
    {
      what: 'a rejected refresh token',
      status: 400,
      body: { code: 400, error_code: 'refresh_token_not_found' },
      rejected: false,
    },
    success,
  ],
  hasura: [
    {
      what: 'expired, as a 200',
      status: 200,
      body: {
        errors: [
          {
            extensions: { code: 'invalid-jwt', path: '$' },
            message: 'Could not verify JWT: JWTExpired',
          },
        ],
      },
      rejected: true,
      read: true,
    },
    {
      what: 'expired, of the Relay endpoint',
      status: 400,
      body: {
        errors: [
          {
            extensions: { code: 'invalid-jwt', path: '$' },
            message: 'Could not verify JWT: JWTExpired',
          },
        ],
      },
      rejected: true,
      read: true,
    },
    {
      what: 'missing rights',
      status: 200,
      body: {
        errors: [
          {
            extensions: { code: 'access-denied', path: '$' },
            message: 'Your requested role is not in allowed roles',
          },
        ],
      },
      rejected: false,
      read: true,
    },
    { ...success, body: { data: { notes: [] } }, read: true },
    { ...success, what: 'a file', body: 'invalid-jwt' },
    { what: 'a proxy that fails', status: 502, body: { errors: [] }, rejected: false },
  ],
  directus: [
    {
      ...unauthorized,
      body: { errors: [{ message: 'Token expired.', extensions: { code: 'TOKEN_EXPIRED' } }] },
      read: true,
    },
    {
      what: 'forged',
      status: 403,
      body: { errors: [{ message: 'Invalid token.', extensions: { code: 'INVALID_TOKEN' } }] },
      rejected: true,
      read: true,
    },
    {
      ...unauthorized,
      what: 'unknown',
      body: {
        errors: [
          { message: 'Invalid user credentials.', extensions: { code: 'INVALID_CREDENTIALS' } },
        ],
      },
      read: true,
    },
    {
      ...forbidden,
      body: {
        errors: [
          {
            message: "You don't have permission to access this.",
            extensions: { code: 'FORBIDDEN' },
          },
        ],
      },
      read: true,
    },
    {
      what: 'a wrong one-time password',
      status: 401,
      body: { errors: [{ message: 'Invalid user OTP.', extensions: { code: 'INVALID_OTP' } }] },
      rejected: false,
      read: true,
    },
    success,
  ],
  strapi: [
    {
      ...unauthorized,
      body: {
        data: null,
        error: {
          status: 401,
          name: 'UnauthorizedError',
          message: 'Missing or invalid credentials',
          details: {},
        },
      },
    },
    {
      ...unauthorized,
      what: 'expired, version 3',
      body: { statusCode: 401, error: 'Unauthorized', message: 'Invalid token.' },
    },
    {
      ...forbidden,
      body: {
        data: null,
        error: { status: 403, name: 'ForbiddenError', message: 'Forbidden', details: {} },
      },
    },
    success,
  ],
  appwrite: [
    {
      ...unauthorized,
      body: {
        message: 'Failed to verify JWT. Invalid token: Expired',
        code: 401,
        type: 'user_jwt_invalid',
        version: '1.6.0',
      },
      read: true,
    },
    {
      what: 'a missing scope',
      status: 401,
      body: {
        message: 'ada@example.com (role: users) missing scope (users.read)',
        code: 401,
        type: 'general_unauthorized_scope',
      },
      rejected: false,
      read: true,
    },
    {
      what: 'missing rights',
      status: 401,
      body: {
        message: 'The current user is not authorized to perform the requested action.',
        code: 401,
        type: 'user_unauthorized',
      },
      rejected: false,
      read: true,
    },
    success,
  ],
  auth0: [
    {
      ...unauthorized,
      challenge: 'Bearer realm="api", error="invalid_token", error_description="The token expired"',
    },
    {
      ...unauthorized,
      what: 'expired, Management API',
      body: {
        statusCode: 401,
        error: 'Unauthorized',
        message: 'Expired token received for JSON Web Token validation',
        attributes: { error: 'Expired token' },
      },
    },
    {
      ...forbidden,
      challenge: 'Bearer realm="api", error="insufficient_scope", scope="read:users"',
      body: {
        statusCode: 403,
        error: 'Forbidden',
        message: 'Insufficient scope',
        errorCode: 'insufficient_scope',
      },
    },
    success,
  ],
  keycloak: [
    {
      ...unauthorized,
      challenge:
        'Bearer realm="demo", error="invalid_token", error_description="Token verification failed"',
    },
    {
      ...unauthorized,
      what: 'expired, older',
      body: { error: 'invalid_token', error_description: 'Token verification failed' },
    },
    {
      ...forbidden,
      challenge:
        'Bearer realm="demo", error="insufficient_scope", error_description="Missing openid scope"',
    },
    success,
  ],
  google: [
    {
      ...unauthorized,
      body: {
        error: {
          code: 401,
          message: 'Request had invalid authentication credentials.',
          status: 'UNAUTHENTICATED',
          details: [
            { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'ACCESS_TOKEN_EXPIRED' },
          ],
        },
      },
      read: true,
    },
    {
      ...unauthorized,
      what: 'without details',
      body: { error: { code: 401, message: 'Invalid Credentials', status: 'UNAUTHENTICATED' } },
      read: true,
    },
    {
      what: 'not seen',
      status: 401,
      body: {
        error: {
          code: 401,
          status: 'UNAUTHENTICATED',
          details: [{ reason: 'CREDENTIALS_MISSING' }],
        },
      },
      rejected: false,
      read: true,
    },
    {
      what: 'another kind of token',
      status: 401,
      body: {
        error: {
          code: 401,
          status: 'UNAUTHENTICATED',
          details: [
            { '@type': 'type.googleapis.com/google.rpc.Help' },
            { reason: 'ACCESS_TOKEN_TYPE_UNSUPPORTED' },
          ],
        },
      },
      rejected: false,
      read: true,
    },
    {
      ...forbidden,
      body: {
        error: {
          code: 403,
          status: 'PERMISSION_DENIED',
          details: [{ reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT' }],
        },
      },
    },
    success,
  ],
  firebase: [
    { ...unauthorized, body: { error: 'Auth token is expired' }, read: true },
    {
      ...unauthorized,
      what: 'unreadable',
      body: { error: 'Could not parse auth token.' },
      read: true,
    },
    {
      what: 'what the rules deny',
      status: 401,
      body: { error: 'Permission denied' },
      rejected: false,
      read: true,
    },
    {
      what: 'expired, Identity Toolkit',
      status: 400,
      body: { error: { code: 400, message: 'INVALID_ID_TOKEN', errors: [] } },
      rejected: true,
      read: true,
    },
    {
      what: 'expired, of its token endpoint',
      status: 400,
      body: { error: { code: 400, message: 'TOKEN_EXPIRED', status: 'INVALID_ARGUMENT' } },
      rejected: true,
      read: true,
    },
    {
      what: 'another mistake',
      status: 400,
      body: { error: { code: 400, message: 'MISSING_EMAIL' } },
      rejected: false,
      read: true,
    },
    { ...forbidden, body: { error: { code: 403, message: 'PERMISSION_DENIED' } } },
    success,
  ],
} satisfies Record<string, Fixture[]>
