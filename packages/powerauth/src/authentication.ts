import { LatchkeyError } from '@latchkey/core'

/** The factors that a token was created with, with the protocol's names. */
export type Factors =
  | 'possession'
  | 'possession_knowledge'
  | 'possession_biometry'
  | 'possession_knowledge_biometry'

/**
 * The user's factors when a token is created: their name, or an object such as the mobile SDK's
 * `PowerAuthAuthentication`, whose password or biometric prompt shows them. It is passed to the function that
 * creates the token, and never kept.
 */
export type Authentication =
  | Factors
  | {
      /** If present, knowledge is one of the factors. */
      readonly password?: unknown
      /** If present, biometry is one of the factors. */
      readonly biometricPrompt?: unknown
      /** If true, biometry is one of the factors. */
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

/** Returns the factors. @throws {LatchkeyError} `ERR_INVALID_OPTION` for a value without factors. */
export function factorsOf(authentication: Authentication): Factors {
  if (typeof authentication === 'string' && FACTORS.includes(authentication)) return authentication
  if (typeof authentication !== 'object' || authentication === null) {
    throw new LatchkeyError(
      'ERR_INVALID_OPTION',
      `\`authentication\` must be one of ${FACTORS.join(', ')}, or an object of the PowerAuth SDK.`,
    )
  }
  const { password, userPassword, biometricPrompt } = authentication
  const knows = (password ?? userPassword ?? undefined) !== undefined // an older SDK uses null
  const isSeen =
    authentication.isBiometricAuthentication === true ||
    authentication.useBiometry === true ||
    (biometricPrompt ?? undefined) !== undefined
  if (knows) return isSeen ? 'possession_knowledge_biometry' : 'possession_knowledge'
  return isSeen ? 'possession_biometry' : 'possession'
}
