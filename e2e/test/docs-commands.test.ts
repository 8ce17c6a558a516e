import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { describe, expect, it } from 'vitest'
import { blocksOf, pages, readPage, root } from '../src/docs/pages.ts'

const manifest = (folder: string) =>
  JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
    name: string
    scripts?: Record<string, string>
    peerDependencies?: Record<string, string>
  }

/** What `npm install` may be told to install: our own, their peers, and what the workspace shares. */
const published = globSync('packages/*', { cwd: root }).map(manifest)
const catalog = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8')
const installable = new Set([
  ...published.flatMap(({ name, peerDependencies = {} }) => [
    name,
    ...Object.keys(peerDependencies),
  ]),
  ...[...catalog.matchAll(/^ {2}"?([@\w/-]+)"?: /gm)].map(([, name]) => name),
])

const helps = new Map<string, string>()

/** What `latchkey <command> --help` says. */
function helpOf(commands: string[]): string {
  const key = commands.join(' ')
  const main = join(root, 'packages/cli/dist/main.js')
  const ask = () => spawnSync(process.execPath, [main, ...commands, '--help'], { encoding: 'utf8' })
  const help = helps.get(key) ?? ask().stdout
  helps.set(key, help)
  return help
}

/** Each answers what is wrong with its words, or nothing. */
const programs: Record<string, (words: string[], folder: string) => string[]> = {
  latchkey(words) {
    const own = words.slice(0, words.includes('--') ? words.indexOf('--') : undefined)
    const flags = own.filter((word) => word.startsWith('--'))
    const known = (commands: string[], word: string | undefined) =>
      word !== undefined && new RegExp(`^ {2}${word}\\b`, 'm').test(helpOf(commands))
    const [command = '', second = ''] = own.filter((word) => !word.startsWith('-'))
    if (command === 'complete') return [] // is not listed among the commands
    if (command !== '<command>' && !known([], command)) return [command]
    const commands =
      command === '<command>' ? [] : known([command], second) ? [command, second] : [command]
    return flags.filter((flag) => !helpOf(commands).includes(flag))
  },
  npm([command = '', ...rest], folder) {
    if (command === 'test' || command === 'run') {
      const script = command === 'run' ? rest[0] : 'test'
      return script && manifest(folder).scripts?.[script] ? [] : [`npm run ${script}`]
    }
    if (command !== 'install') return [`npm ${command}`]
    return rest.filter((word) => !word.startsWith('-') && !installable.has(word))
  },
  pnpm([command = ''], folder) {
    return command === 'exec' || manifest(folder).scripts?.[command] ? [] : [`pnpm ${command}`]
  },
  node: ([file = ''], folder) =>
    file.startsWith('-') || existsSync(join(root, folder, file)) ? [] : [file],
}

/** Neither ours nor of any interest, or somebody else's to know. */
const others = ['curl', 'export', 'git', 'npx', 'source']

/** What is wrong with one line: commands, one after the other or into each other. */
function wrongIn(line: string): string[] {
  const commands = line
    .replace(/(^|\s)#.*$/, '')
    .split(/&&|\||;/)
    .map((command) =>
      command
        .trim()
        .replace(/^(\w+=\S* )+/, '')
        .split(/\s+/),
    ) // without its variables
  let folder = '.'
  return commands.flatMap(([program = '', ...words]) => {
    if (program === '' || others.includes(program)) return []
    if (program === 'cd') {
      folder = words[0] ?? ''
      return existsSync(join(root, folder)) ? [] : [`cd ${folder}`]
    }
    return programs[program]?.(words, folder) ?? [`an unknown program, ${program}`]
  })
}

/** The lines of a page's `sh` blocks, and the commands in its sentences. */
function linesOf(page: string): string[] {
  const blocks = blocksOf(page).filter(({ language }) => language === 'sh')
  const lines = blocks.flatMap(({ code }) => code.replaceAll('\\\n', ' ').split('\n'))
  const prose = readPage(page).replaceAll(/^```.*?^```$/gms, '')
  const inline = [...prose.matchAll(/`((?:latchkey|npm run|npm test)(?: [^`]*)?)`/g)]
  // What a clone is called is the reader's to say.
  return [...lines, ...inline.map(([, command = '']) => command)].filter(
    (line) => !line.startsWith('git clone'),
  )
}

describe('the commands in', () => {
  it.each(pages.filter((page) => linesOf(page).length > 0))('%s exist', (page) => {
    expect(linesOf(page).flatMap(wrongIn)).toEqual([])
  })
})
