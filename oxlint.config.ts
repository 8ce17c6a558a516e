import { defineConfig, type OxlintOverride } from 'oxlint'

/** What the files of one place may import besides each other, and why nothing else. */
export interface Arrow {
  files: readonly string[]
  /** Packages with all their subpaths, or a scheme such as `node:`. */
  imports: readonly string[]
  /** Of these only types: importing the file loads none of them. */
  typesOnly?: readonly string[]
  why: string
}

const core = '@latchkey/core'

/**
 * The arrows: everything that is not listed is refused. A later row replaces an earlier one for its files.
 * e2e/test/arrows.test.ts proves that each row bites.
 */
export const arrows: readonly Arrow[] = [
  {
    files: ['packages/core/src/**'],
    imports: ['jwt-decode', 'p-retry'],
    why: 'core imports nothing but jwt-decode and p-retry: no client, no server, no runtime',
  },
  {
    files: ['packages/fetch/src/**'],
    imports: [core],
    why: 'an adapter imports nothing but core and its client',
  },
  {
    files: ['packages/axios/src/**'],
    imports: [core, 'axios'],
    why: 'an adapter imports nothing but core and its client',
  },
  {
    files: ['packages/ky/src/**'],
    imports: [core, 'ky'],
    why: 'an adapter imports nothing but core and its client',
  },
  {
    files: ['packages/nocodb/src/**'],
    imports: [core, 'jwt-decode'],
    why: 'a service imports nothing but core and what reads its wire',
  },
  {
    files: ['packages/oauth/src/**'],
    imports: [core, 'oauth4webapi'],
    why: 'a service imports nothing but core and what reads its wire',
  },
  {
    files: ['packages/oauth/src/loopback/**'],
    imports: [core, 'oauth4webapi', 'open', 'node:'],
    why: 'signing in with a browser also takes Node and what opens one',
  },
  {
    files: ['packages/jwt/src/**'],
    imports: [core, 'cookie'],
    why: 'a service imports nothing but core and what reads its wire',
  },
  {
    files: ['packages/powerauth/src/**'],
    imports: [core],
    why: 'a service imports nothing but core and what reads its wire',
  },
  {
    files: ['packages/powerauth/src/kmac.ts'],
    imports: [core, '@noble/hashes'],
    why: 'digests are made in one file',
  },
  {
    files: ['packages/stores/src/**'],
    imports: [
      core,
      '@noble/hashes',
      'cookie',
      '@napi-rs/keyring',
      'ioredis',
      'iovalkey',
      'redis',
      'node:',
    ],
    typesOnly: [core, '@napi-rs/keyring', 'ioredis', 'iovalkey', 'redis'],
    why: "a store imports nothing but core's types, Node and its peer's types",
  },
  {
    files: ['packages/timeline/src/**'],
    imports: [core, 'picocolors'],
    why: 'a timeline imports nothing but core and colours',
  },
  {
    files: ['packages/timeline/src/{diagnostics,metrics,opentelemetry,spans}.ts'],
    imports: [core, '@opentelemetry/api', 'node:'],
    why: "what reports imports nothing but core, Node's channels and OpenTelemetry's API",
  },
  {
    files: ['packages/cli/src/**'],
    imports: [
      core,
      '@latchkey/fetch',
      '@latchkey/jwt',
      '@latchkey/nocodb',
      '@latchkey/oauth',
      '@latchkey/stores',
      '@bomb.sh/tab',
      '@clack/prompts',
      'commander',
      'jwt-decode',
      'node:',
    ],
    why: 'the command line imports services, stores, and what talks to a terminal',
  },
  {
    files: ['packages/testing/src/**'],
    imports: [core, 'hono'],
    why: 'testing imports nothing but core and Hono',
  },
  {
    files: ['packages/testing/src/{msw,node}.ts', 'packages/testing/src/servers/**'],
    imports: [core, 'hono', '@hono/node-server', 'msw', 'node:'],
    why: 'what serves the doubles also imports MSW and Node',
  },
]

/** Inside core: the kernel imports no wrapper, and a wrapper no kernel. Only token-manager.ts knows both. */
const insideCore = [
  {
    files: ['packages/core/src/kernel/**'],
    regex:
      '/(careful-store|chain|authorized-fetch|keep-within-origin|token-manager|service/.*)\\.ts$',
    message: 'the kernel imports no wrapper: token-manager.ts puts them together',
  },
  {
    files: ['packages/core/src/{store,grant,scheme}/**', 'packages/core/src/fetch/**'],
    regex:
      '/kernel/(authorizer|bare-requests|decisions|elsewhere|explanations|handed-on|kernel|renewal|session)\\.ts$',
    message: 'a wrapper imports no kernel, but what adapters see of it (kernel/authorization.ts)',
  },
]

const ANOTHER_PACKAGE = {
  regex: '\\.\\./(e2e|bench|examples|[a-z][a-z0-9-]*/(src|dist|test))/',
  message: 'another package has one door: its name',
}

type Pattern = { message: string } & (
  | { regex: string; allowTypeImports?: boolean }
  | { group: string[] }
)

const restrict = (patterns: Pattern[]): NonNullable<OxlintOverride['rules']> => ({
  'no-restricted-imports': ['error', { patterns }],
})

/** In the linter's words, which are those of a .gitignore: everything, but not these. */
function allow(imports: readonly string[]): string[] {
  const scopes = new Set(imports.flatMap((one) => /^@[^/]+/.exec(one) ?? []))
  const scoped = [...scopes].flatMap((scope) => [`!${scope}`, `${scope}/*`])
  const named = imports.flatMap((one) => {
    if (one.endsWith(':')) return [`!${one}*`, `!${one}*/**`]
    return one.startsWith('@') ? [`!${one}`, `!${one}/**`] : [`!${one}`, `*/${one}`, `!${one}/**`]
  })
  return ['*', '!./**', '!../**', ...scoped, ...named]
}

const exactly = (names: readonly string[]) =>
  `^(${names.map((name) => name.replaceAll('.', '\\.')).join('|')})$`

const patternsOf = ({ imports, typesOnly, why }: Arrow): Pattern[] => [
  ANOTHER_PACKAGE,
  ...(typesOnly
    ? [
        {
          regex: exactly(typesOnly),
          allowTypeImports: true,
          message: 'only its types: importing a store loads no core and no peer',
        },
      ]
    : []),
  { group: allow(imports), message: why },
]

const [coreArrow] = arrows

// oxlint-disable-next-line import/no-default-export -- as the linter wants it
export default defineConfig({
  options: { typeAware: true, denyWarnings: true, reportUnusedDisableDirectives: 'error' },
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'promise', 'vitest'],
  jsPlugins: ['./tools/lint/own-lines.ts'],
  categories: { correctness: 'error', suspicious: 'error' },
  ignorePatterns: ['**/dist/**', '.tools/**'],
  rules: {
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'import/no-default-export': 'error',
    'max-lines': ['error', 300],
    'own-lines/max': ['error', 60],
    'no-console': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/only-throw-error': 'error',
    'typescript/switch-exhaustiveness-check': 'error',

    // Our objects are closures without `this`, so their methods may travel alone.
    'typescript/unbound-method': 'off',
    // What comes from a wire is `unknown`, and is asserted where it has been validated.
    'typescript/no-unsafe-type-assertion': 'off',
    // `axios.create()` and `fc.assert()` are how their own documentation writes it.
    'import/no-named-as-default-member': 'off',
    // Matters of taste, and of tsc.
    'promise/always-return': 'off',
    'typescript/consistent-return': 'off',
    'unicorn/consistent-function-scoping': 'off',
  },
  overrides: [
    // Tests read as lists of facts: longer, and one callback around many.
    {
      files: ['**/test/**', '**/test-*/**'],
      rules: {
        'max-lines': ['error', 500],
        'own-lines/max': 'off',
        'typescript/no-non-null-assertion': 'off',
      },
    },
    // Where types are tested, the fact is that it compiles, or does not.
    { files: ['packages/*/test-d/**'], rules: { 'vitest/expect-expect': 'off' } },
    // Programs talk to the terminal.
    { files: ['bench/**', 'e2e/**', 'examples/**', 'tools/**'], rules: { 'no-console': 'off' } },
    {
      files: ['vitest.config.ts', 'e2e/browser-server.ts'],
      rules: { 'import/no-default-export': 'off' },
    },
    {
      files: ['packages/**'],
      rules: restrict([
        {
          regex: '^@latchkey/(e2e|bench)\\b|^example-|^demo\\b',
          message: 'packages know nothing of e2e, bench and examples',
        },
        {
          regex:
            '\\.\\./((e2e|bench|examples|[a-z][a-z0-9-]*/(src|dist))/|[a-z][a-z0-9-]*/test/[^/]+$)',
          message: 'another package has one door: its name (tests may share a test/support)',
        },
      ]),
    },
    ...arrows.map((arrow) => ({ files: [...arrow.files], rules: restrict(patternsOf(arrow)) })),
    ...insideCore.map(({ files, ...pattern }) => ({
      files,
      rules: restrict([pattern, ...(coreArrow ? patternsOf(coreArrow) : [])]),
    })),
  ],
})
