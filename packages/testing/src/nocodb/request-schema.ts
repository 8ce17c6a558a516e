import { ErrorAnswer } from './answers.ts'

type Body = Record<string, unknown>

/** One complaint in the form of the real server's schema validator. */
function missing(property: string) {
  return {
    instancePath: '',
    schemaPath: '#/required',
    keyword: 'required',
    params: { missingProperty: property },
    message: `must have required property '${property}'`,
  }
}

function tooShort(property: string) {
  return {
    instancePath: `/${property}`,
    schemaPath: `#/properties/${property}/minLength`,
    keyword: 'minLength',
    params: { limit: 8 },
    message: 'must NOT have fewer than 8 characters',
  }
}

function notAnEmail() {
  return {
    instancePath: '/email',
    schemaPath: '#/properties/email/format',
    keyword: 'format',
    params: { format: 'email' },
    message: 'must match format "email"',
  }
}

function passwordFaults(body: Body, property: string): object[] {
  const value = body[property]
  if (typeof value !== 'string') return [missing(property)]
  return value.length < 8 ? [tooShort(property)] : []
}

function emailFaults(email: unknown): object[] {
  if (typeof email !== 'string') return [missing('email')]
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email) ? [] : [notAnEmail()]
}

function refuse(faults: object[]): void {
  if (faults.length > 0) throw new ErrorAnswer(400, { msg: 'Invalid request body', errors: faults })
}

/** @returns the checked fields of a sign-up. @throws ErrorAnswer 400 that lists what is wrong. */
export function checkCredentialBody(body: Body) {
  const { email } = body
  refuse([...emailFaults(email), ...passwordFaults(body, 'password')])
  return { email: String(email), password: String(body.password) }
}

/** @returns the checked fields of a password change. @throws ErrorAnswer 400 likewise. */
export function checkPasswordChangeBody(body: Body) {
  refuse([...passwordFaults(body, 'currentPassword'), ...passwordFaults(body, 'newPassword')])
  return {
    currentPassword: String(body.currentPassword),
    newPassword: String(body.newPassword),
  }
}
