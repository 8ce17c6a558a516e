import { type Command, Option } from 'commander'
import type { TokenFormat } from './token-formats.ts'

export const sessionOption = () =>
  new Option(
    '-s, --session <session>',
    'the name, URL or user of a session (default: the current one)',
  )

export const insecureOption = () =>
  new Option(
    '--allow-insecure',
    'allow plain http to other machines, where others on the network can read everything',
  )

const FORMATS: readonly TokenFormat[] = [
  'token',
  'header',
  'json',
  'exec-credential',
  'credential-process',
]

export const formatOption = () =>
  new Option('--format <format>', 'how to print it').choices(FORMATS).default('token')

export const serviceOption = () =>
  new Option('--service <service>', 'what kind of server it is')
    .choices(['nocodb', 'oauth', 'jwt'])
    .default('nocodb')

/** An option of one service. Using it also selects that service. */
export const of = (service: 'oauth' | 'jwt', flags: string, description: string) =>
  new Option(flags, description).implies({ service })

export const storeOption = () =>
  new Option('--store <store>', 'where the session is kept')
    .choices(['file', 'keychain'])
    .default('file')

export function examples(command: Command, ...lines: string[]): void {
  command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`)
}

export const collect = (value: string, all: string[] = []): string[] => [...all, value]
