import { LatchkeyError } from '@latchkey/core'

/** The factors that a token was created with, in the protocol's own words. */
export type Factors =
  | 'possession'
  | 'possession_knowledge'
  | 'possession_biometry'
  | 'possession_knowledge_biometry'

/**
 * What the user proves when a token is created: the factors by name, or an object such as the mobile
 * SDK's `PowerAuthAuthentication`, whose password or biometric prompt tells them. It is handed on to
 * whoever creates the token and never kept.
 */
export type Authentication =
  | Factors
  | {
      /** Given: knowledge is one of the factors. */
      readonly password?: unknown
      /** Given: biometry is one of the factors. */
      readonly biometricPrompt?: unknown
      /** True: biometry is one of the factors. */
      readonly isBiometricAuthentication?: boolean
      /** The SDK's older name of `password`. */
      readonly userPassword?: unknown
      /** The SDK's older name of `isBiometricAuthentication`. */
      readonly useBiometry?: boolean
    }

const FACTORS: readonly string[] = [
  'possession',
  'possession_knowledge',
  'possession_biometry',
  'possession_knowledge_biometry',
] satisfies Factors[]

/** @throws {LatchkeyError} `ERR_INVALID_OPTION` for what is no authentication. */
export function factorsOf(authentication: Authentication): Factors {
  if (typeof authentication === 'string' && FACTORS.includes(authentication)) return authentication
  if (typeof authentication !== 'object' || authentication === null) {
    throw new LatchkeyError(
      'ERR_INVALID_OPTION',
      `\`authentication\` must be one of ${FACTORS.join(', ')}, or an object of the PowerAuth SDK.`,
    )
  }
  const { password, userPassword, biometricPrompt } = authentication
  const knows = (password ?? userPassword ?? undefined) !== undefined // an older SDK says null
  const isSeen =
    authentication.isBiometricAuthentication === true ||
    authentication.useBiometry === true ||
    (biometricPrompt ?? undefined) !== undefined
  if (knows) return isSeen ? 'possession_knowledge_biometry' : 'possession_knowledge'
  return isSeen ? 'possession_biometry' : 'possession'
}
