/// <reference types="node" />
// What the examples in docstrings, and so in docs/api, take for granted.
// oxlint-disable typescript/consistent-type-imports -- with an import of its own this file would declare nothing to others
declare const manager: import('@latchkey/core').TokenManager
declare const axios: import('axios').AxiosStatic
declare const ky: import('ky').KyInstance
declare const baseUrl: string
declare const origin: string
declare const email: string
declare const password: string
declare const clientId: string
declare const clientSecret: string

/** A grant's function. */
declare function renew(
  context: import('@latchkey/core').GrantContext,
): Promise<import('@latchkey/core').TokenSet>

/** The PowerAuth mobile SDK's, and what creates tokens without it. */
declare const sdk: { tokenStore: import('@latchkey/powerauth').PowerAuthTokenStore }
declare const PowerAuthAuthentication: { possession(): { biometricPrompt: undefined } }
declare function createToken(name: string): Promise<import('@latchkey/powerauth').PowerAuthToken>

/** Express. */
declare const app: {
  use(
    handler: (
      req: import('node:http').IncomingMessage,
      res: import('node:http').ServerResponse & { locals: Record<string, unknown> },
      next: () => void,
    ) => void,
  ): void
}

/** A test runner, and what is tested. */
declare const test: import('vitest').TestAPI
declare const subject: import('@latchkey/testing/adapter-contract').AdapterSubject
declare const servers: import('@latchkey/testing/node').ContractServers

declare module '@react-native-async-storage/async-storage' {
  const storage: import('@latchkey/stores/async-storage').ItemStorage
  export default storage
}
