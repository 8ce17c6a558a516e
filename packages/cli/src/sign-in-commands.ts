import type { Command } from 'commander'
import { examples, insecureOption, of, serviceOption, storeOption } from './program-options.ts'

/** `sign-in` and `sign-up`. */
export function addSignInCommands(program: Command): void {
  const add = (name: string, description: string) =>
    program
      .command(`${name} [url]`)
      .description(description)
      .option('--email, --user <user>', 'your e-mail address or user name; asked for if left out')
      .option('--stdin', 'read the password, token or secret from stdin')
      .option('--name <name>', 'a name for the session (default: the URL)')
      .addOption(storeOption())
      .option(
        '--headers-file <file>',
        'lines "name: value": headers that a gateway needs with every request; kept with the session',
      )
      .addOption(insecureOption())
      .option('--json', 'print the session as JSON')

  const signIn = add('sign-in', 'Sign in to a server and keep the session')
    .addOption(serviceOption())
    .option('--refresh-token', 'take over a session that began elsewhere, by its refresh token')
    .optionsGroup('NocoDB:')
    .option('--api-token', 'sign in with an API token')
    .optionsGroup('OAuth 2.0 and OpenID:')
    .addOption(of('oauth', '--issuer <url>', 'the server that issues the tokens'))
    .addOption(of('oauth', '--client-id <id>', 'the id of the client, as registered there'))
    .addOption(of('oauth', '--scope <scopes>', 'the scopes to ask for, separated by spaces'))
    .addOption(of('oauth', '--browser', 'sign in with the browser of this machine (default)'))
    .addOption(of('oauth', '--device', 'enter a code in any browser (for ssh, containers)'))
    .addOption(of('oauth', '--client-credentials', 'the client signs in itself, with its secret'))
    .addOption(of('oauth', '--redirect-uri <uri>', 'the address here to which the browser returns'))
    .addOption(
      of('oauth', '--token-endpoint <url>', 'instead of --issuer: where tokens are issued'),
    )
    .addOption(of('oauth', '--authorization-endpoint <url>', 'where users sign in'))
    .addOption(of('oauth', '--device-endpoint <url>', 'where --device gets its code'))
    .optionsGroup('Other APIs that answer a sign-in with a token:')
    .addOption(of('jwt', '--sign-in-path <path>', 'the path of the sign-in, such as /login'))
    .addOption(of('jwt', '--refresh-path <path>', 'the path that exchanges a refresh token'))
    .addOption(of('jwt', '--user-field <name>', 'the field for the user name (username)'))
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
