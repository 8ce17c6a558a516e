/**
 * Keeps clients signed in with an OAuth 2.0 server.
 *
 * @module
 */
export type { Audience } from './audiences.ts'
export { type Challenge, type OAuthError, readChallenges } from './challenge.ts'
export { type OAuth, oauth } from './oauth.ts'
export type { OAuthOptions } from './oauth-options.ts'
export type { ChallengedSession, OnChallenge } from './people/challenged-session.ts'
export {
  finishSignIn,
  type FinishSignInOptions,
  type StartedSignIn,
  startSignIn,
  type StartSignInOptions,
} from './people/code-flow.ts'
export {
  type DeviceCode,
  type DeviceSignInOptions,
  signInWithDevice,
} from './people/device-flow.ts'
export type { PendingSignIn } from './people/pending-sign-ins.ts'
export type { SignInTarget } from './people/sign-in-context.ts'
export type { SignInOptions } from './people/sign-in-options.ts'
export {
  type SignOutOptions,
  type SignOutTarget,
  type StartedSignOut,
  startSignOut,
} from './people/sign-out.ts'
export type { GrantParameters, OAuthGrant } from './requested-grant.ts'
