import { createRequire } from 'node:module'
import { Command, Option } from 'commander'
import type { TokenFormat } from './token-formats.ts'
import { withoutValues } from './usage-errors.ts'

const { version } = createRequire(import.meta.url)('../package.json') as { version: string }

/**
 * The commands, their options and their help. What a command does is imported when it runs, so that
 * `--version`, help and completions cost next to nothing.
 */
export function createProgram(): Command {
  const program = new Command('latchkey')
    .description('Sign in once, then scripts just work.')
    .version(version, '-V, --version')
    .helpCommand(false)
    .enablePositionalOptions()
    .configureOutput({ outputError: (text, write) => write(withoutValues(text)) })
    .exitOverride()
  program.addHelpText(
    'after',
    `
Which session: --session, else NOCODB_URL with NOCODB_API_TOKEN or NOCODB_EMAIL and NOCODB_PASSWORD,
else the saved one of NOCODB_URL, else the one signed in to last, or chosen with "latchkey use".

Ends with: 0 done · 2 wrong usage · 3 sign in (again) · 4 server unavailable, try again ·
5 the file or keychain failed · 6 the server said no · 1 anything else · 130 Ctrl-C at a question

From the environment: LATCHKEY_HEADERS, lines "name: value" that go with every request to the session's server;
LATCHKEY_ALLOW_INSECURE=1, as --allow-insecure.

Completion: source <(latchkey complete bash), or zsh, fish, powershell.`,
  )
  addSignInCommands(program)
  addSessionCommands(program)
  addUseCommands(program)
  addApiTokenCommands(program)
  return program
}

function addSignInCommands(program: Command): void {
  const add = (name: string, description: string) =>
    program
      .command(`${name} [url]`)
      .description(description)
      .option('--email, --user <user>', 'who you are; asked for when left out')
      .option('--stdin', 'read the password, token or secret from stdin instead of asking')
      .option(
        '--headers-file <file>',
        'lines "name: value" that a gateway wants with every request: kept with the session; or LATCHKEY_HEADERS',
      )
      .addOption(storeOption())
      .option('--name <name>', 'what to call the session; default: the URL')
      .addOption(insecureOption())
      .option('--json', 'tell the session as JSON')

  const signIn = add('sign-in', 'Sign in to a server and keep the session')
    .addOption(serviceOption())
    .option('--api-token', 'NocoDB: with an API token instead of e-mail and password')
    .option('--refresh-token', 'go on with a session that began elsewhere, by its refresh token')
    .addOption(
      of('oauth', '--issuer <url>', 'the server that gives tokens; it describes its endpoints'),
    )
    .addOption(of('oauth', '--client-id <id>', 'the client, as registered there'))
    .addOption(
      of('oauth', '--browser', 'a person signs in with the browser of this machine (the default)'),
    )
    .addOption(
      of('oauth', '--device', 'a person enters a code in any browser: for ssh and containers'),
    )
    .addOption(of('oauth', '--client-credentials', 'the client signs in itself, with its secret'))
    .addOption(of('oauth', '--scope <scopes>', 'what to ask for, separated by spaces'))
    .addOption(
      of(
        'oauth',
        '--redirect-uri <uri>',
        'where the browser returns to: an address of this machine',
      ),
    )
    .addOption(of('oauth', '--token-endpoint <url>', 'instead of --issuer: where tokens are given'))
    .addOption(of('oauth', '--authorization-endpoint <url>', 'where people sign in'))
    .addOption(of('oauth', '--device-endpoint <url>', 'where codes for --device are given'))
    .addOption(of('jwt', '--sign-in-path <path>', 'where to sign in, such as /login'))
    .addOption(of('jwt', '--refresh-path <path>', 'where a refresh token buys a new access token'))
    .addOption(of('jwt', '--user-field <name>', 'what the sign-in calls the user (username)'))
    .action(async (url, options) => (await import('./commands/sign-in.ts')).signIn(url, options))
  examples(
    signIn,
    'latchkey sign-in https://nocodb.example.com',
    'latchkey sign-in https://nocodb.example.com --email ada@example.com --stdin < password.txt',
    'latchkey sign-in https://nocodb.example.com --api-token --store keychain',
    'latchkey sign-in https://api.example.com --issuer https://login.example.com --client-id cli',
    'latchkey sign-in https://api.example.com --issuer https://login.example.com --client-id cli --device',
    'latchkey sign-in https://api.example.com --issuer https://login.example.com --client-id job --client-credentials',
    'latchkey sign-in https://api.example.com --issuer https://login.example.com --client-id cli --refresh-token',
    'latchkey sign-in https://api.example.com --sign-in-path /login --refresh-path /refresh',
    'latchkey sign-in https://nocodb.example.com --headers-file gateway.headers',
  )
  examples(
    add('sign-up', 'Create a NocoDB user and sign in as that user').action(async (url, options) =>
      (await import('./commands/sign-in.ts')).signUp(url, options),
    ),
    'latchkey sign-up https://nocodb.example.com --email ada@example.com',
  )
}

function addSessionCommands(program: Command): void {
  examples(
    program
      .command('sign-out')
      .description('End a session, here and at its server')
      .addOption(sessionOption())
      .addOption(insecureOption())
      .option('--all', 'every session')
      .option('--local', 'forget it here and leave the server alone')
      .action(async (options) => (await import('./commands/sign-out.ts')).signOut(options)),
    'latchkey sign-out',
    'latchkey sign-out --session bob@example.com --local',
  )
  examples(
    program
      .command('status')
      .description('Tell who is signed in where, and until when')
      .addOption(sessionOption())
      .option('--json', 'as JSON')
      .action(async (options) => (await import('./commands/status.ts')).status(options)),
    'latchkey status',
    "latchkey status --json | jq -r '.[].url'",
  )
  examples(
    program
      .command('use <session>')
      .description('Choose the session that is meant when nothing is said')
      .action(async (session) => (await import('./commands/use.ts')).use(session)),
    'latchkey use https://nocodb.example.com',
    'latchkey use bob@example.com',
  )
  examples(
    program
      .command('doctor')
      .description('Find out what is wrong: clock, store, keychain, server, token')
      .addOption(sessionOption())
      .addOption(insecureOption())
      .option('--json', 'as JSON')
      .action(async (options) => (await import('./commands/doctor.ts')).doctor(options)),
    'latchkey doctor',
  )
}

function addUseCommands(program: Command): void {
  examples(
    program
      .command('token')
      .description('Print a token that is valid now')
      .addOption(sessionOption())
      .addOption(insecureOption())
      .addOption(formatOption())
      .addOption(
        new Option('--header', 'as a header "xc-auth: …": short for --format header').implies({
          format: 'header',
        }),
      )
      .addOption(
        new Option('--json', 'with its header and expiry: short for --format json').implies({
          format: 'json',
        }),
      )
      .action(async (options) => (await import('./commands/token.ts')).token(options)),
    'latchkey token | pbcopy',
    'curl -H "$(latchkey token --header)" https://nocodb.example.com/api/v2/meta/bases',
    'latchkey token --header | curl -H @- https://nocodb.example.com/api/v2/meta/bases # not in the arguments',
    'latchkey token --format exec-credential # for kubectl, as a credential plugin',
  )
  examples(
    program
      .command('git-credential <operation>')
      .description('Sign git in, as a credential helper')
      .usage('[options] get|store|erase')
      .addOption(sessionOption())
      .addOption(insecureOption())
      .action(async (operation, options) =>
        (await import('./commands/git-credential.ts')).gitCredential(operation, options),
      ),
    "git config --global credential.https://git.example.com.helper '!latchkey git-credential'",
  )
  examples(
    program
      .command('request <method> <path>')
      .description('Send one signed-in request and print the answer')
      .addOption(sessionOption())
      .addOption(insecureOption())
      .option('-i, --input <file>', 'the body: a file, or - for stdin; JSON unless -H says else')
      .option('-H, --header <header>', 'a header "name: value"; may be given often', collect)
      .option('-v, --verbose', 'tell the status and headers on stderr')
      .action(async (method, path, options) =>
        (await import('./commands/request.ts')).request(method, path, options),
      ),
    'latchkey request GET /api/v2/meta/bases',
    'echo \'{"Title":"New"}\' | latchkey request POST /api/v2/tables/m1/records --input -',
  )
  addRunCommand(program)
}

function addRunCommand(program: Command): void {
  examples(
    program
      .command('run <command...>')
      .description('Run a command with a fresh token in its environment')
      .usage('[options] -- <command> [argument...]')
      .passThroughOptions()
      .addOption(sessionOption())
      .addOption(insecureOption())
      .action(async (command, options) =>
        (await import('./commands/run.ts')).run(command, options),
      ),
    'latchkey run -- node report.mjs          # reads process.env.LATCHKEY_TOKEN',
    'latchkey run -- sh -c \'curl -H "$LATCHKEY_HEADER" "$LATCHKEY_URL/api/v2/meta/bases"\'',
  )
}

function addApiTokenCommands(program: Command): void {
  const apiTokens = program.command('api-tokens').description('Manage your NocoDB API tokens')
  const actions = () => import('./commands/api-tokens.ts')
  examples(
    apiTokens
      .command('list')
      .description('List them, without the tokens themselves')
      .addOption(sessionOption())
      .addOption(insecureOption())
      .option('--json', 'as JSON')
      .action(async (options) => (await actions()).listApiTokens(options)),
    'latchkey api-tokens list',
  )
  examples(
    apiTokens
      .command('create [description]')
      .description('Create one and print it, this once')
      .addOption(sessionOption())
      .addOption(insecureOption())
      .option('--json', 'as JSON')
      .action(async (text, options) => (await actions()).createApiToken(text, options)),
    'latchkey api-tokens create "nightly export" > token.txt',
  )
  examples(
    apiTokens
      .command('delete <id...>')
      .description('Delete them, by id')
      .addOption(sessionOption())
      .addOption(insecureOption())
      .action(async (ids, options) => (await actions()).deleteApiTokens(ids, options)),
    'latchkey api-tokens delete 3',
  )
}

const sessionOption = () =>
  new Option('-s, --session <session>', 'its name, URL or user; default: the current one')

const insecureOption = () =>
  new Option(
    '--allow-insecure',
    'take plain http beyond this machine, and whoever listens there; or LATCHKEY_ALLOW_INSECURE=1',
  )

const FORMATS: readonly TokenFormat[] = [
  'token',
  'header',
  'json',
  'exec-credential',
  'credential-process',
]

const formatOption = () =>
  new Option('--format <format>', 'how to print it').choices(FORMATS).default('token')

const serviceOption = () =>
  new Option('--service <service>', 'what kind of server it is')
    .choices(['nocodb', 'oauth', 'jwt'])
    .default('nocodb')

/** An option of one service: giving it is choosing the service. */
const of = (service: 'oauth' | 'jwt', flags: string, description: string) =>
  new Option(flags, `${service}: ${description}`).implies({ service })

const storeOption = () =>
  new Option('--store <store>', 'where the session is kept')
    .choices(['file', 'keychain'])
    .default('file')

function examples(command: Command, ...lines: string[]): void {
  command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`)
}

const collect = (value: string, all: string[] = []): string[] => [...all, value]
