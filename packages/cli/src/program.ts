import { createRequire } from 'node:module'
import { Command, Option } from 'commander'
import {
  collect,
  examples,
  formatOption,
  insecureOption,
  sessionOption,
} from './program-options.ts'
import { addSignInCommands } from './sign-in-commands.ts'
import { withoutValues } from './usage-errors.ts'

const { version } = createRequire(import.meta.url)('../package.json') as { version: string }

const MORE_HELP = `
The session that a command uses is the first of these:
  1. the one that --session names
  2. the user in the environment: NOCODB_URL with NOCODB_API_TOKEN, or with NOCODB_EMAIL and NOCODB_PASSWORD
  3. the saved session at NOCODB_URL
  4. the current session: the last one you signed in to, or chose with "latchkey use"

Exit codes:
  0    done
  1    anything else
  2    wrong usage
  3    not signed in, or the session has ended: run "latchkey sign-in"
  4    the server is unavailable: try again
  5    the file or the keychain failed
  6    the server refused
  130  you pressed Ctrl-C

Environment variables:
  LATCHKEY_HEADERS           lines "name: value": headers for every request to the session's server
  LATCHKEY_ALLOW_INSECURE=1  the same as --allow-insecure
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY
  BROWSER                    the program that opens pages for a sign-in

Shell completion: source <(latchkey complete bash), or zsh, fish, powershell.`

/**
 * Defines the commands, their options and their help. The code of a command is imported when it runs, so that
 * `--version`, help and completions start fast.
 */
export function createProgram(): Command {
  const program = new Command('latchkey')
    .description('Sign in once, then scripts just work.')
    .version(version, '-V, --version')
    .helpCommand(false)
    .enablePositionalOptions()
    .configureOutput({ outputError: (text, write) => write(withoutValues(text)) })
    .exitOverride()
    .hook('preAction', async () => (await import('./proxy.ts')).useProxy())
  program.addHelpText('after', MORE_HELP)
  addSignInCommands(program)
  addSessionCommands(program)
  addTokenCommands(program)
  addSendingCommands(program)
  addApiTokenCommands(program)
  return program
}

function addSessionCommands(program: Command): void {
  examples(
    program
      .command('sign-out')
      .description('End a session, here and at its server')
      .addOption(sessionOption())
      .addOption(insecureOption())
      .option('--all', 'end every session')
      .option('--local', 'forget the session here, and do not tell the server')
      .action(async (options) => (await import('./commands/sign-out.ts')).signOut(options)),
    'latchkey sign-out',
    'latchkey sign-out --session bob@example.com --local',
  )
  examples(
    program
      .command('status')
      .description('Show who is signed in where, and until when')
      .addOption(sessionOption())
      .option('--json', 'print JSON')
      .action(async (options) => (await import('./commands/status.ts')).status(options)),
    'latchkey status',
    "latchkey status --json | jq -r '.[].url'",
  )
  examples(
    program
      .command('use <session>')
      .description('Choose the current session')
      .action(async (session) => (await import('./commands/use.ts')).use(session)),
    'latchkey use https://nocodb.example.com',
    'latchkey use bob@example.com',
  )
  examples(
    program
      .command('doctor')
      .description('Check everything that a session needs, and say what to do')
      .addOption(sessionOption())
      .addOption(insecureOption())
      .option('--json', 'print JSON')
      .action(async (options) => (await import('./commands/doctor.ts')).doctor(options)),
    'latchkey doctor',
  )
}

function addTokenCommands(program: Command): void {
  examples(
    program
      .command('token')
      .description('Print a token that is valid now and for a while')
      .addOption(sessionOption())
      .addOption(insecureOption())
      .addOption(formatOption())
      .option('--id-token', 'print the ID token (OpenID Connect) instead of the access token')
      .addOption(
        new Option('--header', 'a header "xc-auth: …"; short for --format header').implies({
          format: 'header',
        }),
      )
      .addOption(
        new Option(
          '--json',
          'the token, its header and its expiry; short for --format json',
        ).implies({
          format: 'json',
        }),
      )
      .action(async (options) => (await import('./commands/token.ts')).token(options)),
    'latchkey token | pbcopy',
    'curl -H "$(latchkey token --header)" https://nocodb.example.com/api/v2/meta/bases',
    'latchkey token --header | curl -H @- https://nocodb.example.com/api/v2/meta/bases # not in the arguments',
    'latchkey token --id-token --format exec-credential # for kubectl, as a credential plugin',
  )
  examples(
    program
      .command('git-credential <operation>')
      .description('Answer git, as its credential helper')
      .usage('[options] get|store|erase')
      .addOption(sessionOption())
      .addOption(insecureOption())
      .action(async (operation, options) =>
        (await import('./commands/git-credential.ts')).gitCredential(operation, options),
      ),
    "git config --global credential.https://git.example.com.helper '!latchkey git-credential'",
  )
}

function addSendingCommands(program: Command): void {
  examples(
    program
      .command('request <method> <path>')
      .description('Send one signed-in request and print the answer')
      .addOption(sessionOption())
      .addOption(insecureOption())
      .option(
        '-i, --input <file>',
        'the body: a file, or - for stdin; sent as JSON unless -H sets a content-type',
      )
      .option('-H, --header <header>', 'an extra header "name: value"; can be repeated', collect)
      .option('-v, --verbose', 'print the status and headers too, on stderr')
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
      .description('List your API tokens, without the secrets')
      .addOption(sessionOption())
      .addOption(insecureOption())
      .option('--json', 'print JSON')
      .action(async (options) => (await actions()).listApiTokens(options)),
    'latchkey api-tokens list',
  )
  examples(
    apiTokens
      .command('create [description]')
      .description('Create an API token and print it; it is not shown again')
      .addOption(sessionOption())
      .addOption(insecureOption())
      .option('--json', 'print JSON')
      .action(async (text, options) => (await actions()).createApiToken(text, options)),
    'latchkey api-tokens create "nightly export" > token.txt',
  )
  examples(
    apiTokens
      .command('delete <id...>')
      .description('Delete API tokens by id')
      .addOption(sessionOption())
      .addOption(insecureOption())
      .action(async (ids, options) => (await actions()).deleteApiTokens(ids, options)),
    'latchkey api-tokens delete 3',
  )
}
