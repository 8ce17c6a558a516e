/** What a request is for, by its path and method alone: the unit of counting and of injected faults. */
export type RequestKind =
  | 'signIn'
  | 'signUp'
  | 'renewal'
  | 'signOut'
  | 'me'
  | 'passwordChange'
  | 'apiTokens'
  | 'data'
  | 'info'

const byEnding: readonly (readonly [ending: string, kind: RequestKind])[] = [
  ['/user/signin', 'signIn'],
  ['/user/signup', 'signUp'],
  ['/token/refresh', 'renewal'],
  ['/user/signout', 'signOut'],
  ['/user/me', 'me'],
  ['/password/change', 'passwordChange'],
  ['/nocodb/info', 'info'],
]

export const requestKinds: readonly RequestKind[] = [
  ...byEnding.map(([, kind]) => kind),
  'apiTokens',
  'data',
]

/** @returns the kind of a request; everything that is neither session nor API token is `'data'`. */
export function kindOf(path: string): RequestKind {
  if (/^\/api\/v1\/tokens(\/|$)/.test(path)) return 'apiTokens'
  return byEnding.find(([ending]) => path.endsWith(ending))?.[1] ?? 'data'
}
