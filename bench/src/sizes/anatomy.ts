import { readFile } from 'node:fs/promises'
import { type Plugin, transform } from 'esbuild'
import { usualBundles } from './bundles.ts'
import { type Size, sizeOf } from './sizes.ts'

/** What `core + fetch` weighs when one part after the other is taken away, each together with those before. */
export interface Remainder {
  /** What was taken away last. */
  without: string
  /** Minified and gzipped bytes of what is left; it no longer works. */
  gzip: number
}

/** Every module of the bundle, by what it is there for; the first can be spared most easily. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  'p-retry and jwt-decode': [
    'p-retry/index',
    'is-network-error/index',
    'jwt-decode/build/esm/index',
  ],
  'what errors say': [],
  'explain(), and secrets taken out of errors': [
    'kernel/explanations',
    'errors',
    'redact',
    'grant/lost-answer',
  ],
  'options that are checked': ['manager-options', 'option-names', 'origin', 'credential'],
  'stores that fail, hang or are shared': [
    'store/careful-store',
    'store/token-store',
    'kernel/elsewhere',
  ],
  'redirects that leave the token behind': ['fetch/redirects'],
  'bodies sent again, byte for byte': ['fetch/replayable', 'fetch/response-view', 'fetch/options'],
  'challenges and tokens handed on': ['kernel/handed-on'],
  'grants that may use the client they serve': ['grant/inside'],
  'events, Retry-After, waiting': ['events', 'grant/retry-after', 'waiting'],
}

const bundle = usualBundles.find(({ name }) => name === 'core + fetch')

export async function measureAnatomy(): Promise<Remainder[]> {
  if (!bundle) throw new Error('There is no bundle core + fetch.')
  const whole = await sizeOf(bundle)
  expectAll(whole)
  const rows: Remainder[] = [{ without: 'nothing', gzip: whole.gzip }]
  const gone = new Set<string>()
  let isSilent = false
  for (const [without, modules] of Object.entries(PARTS)) {
    for (const module of modules) gone.add(module)
    isSilent ||= modules.length === 0
    const { gzip } = await sizeOf(bundle, [leavingOut(gone, isSilent)])
    rows.push({ without, gzip })
  }
  return rows
}

/** A part that is called otherwise by now would silently weigh nothing. */
function expectAll({ modules }: Size): void {
  const names = new Set(Object.keys(modules).map((name) => partOf(name)))
  const strangers = Object.values(PARTS)
    .flat()
    .filter((name) => !names.has(name))
  if (strangers.length > 0) throw new Error(`Not in the bundle: ${strangers.join(', ')}.`)
}

/** `redirects`, `p-retry/index`: as they are called above. */
const partOf = (path: string): string =>
  path
    .replace(/^.*(node_modules|packages)\//, '')
    .replace(/^(@latchkey\/)?core\/(dist\/)?/, '')
    .replace(/\.js$/, '')

/** Modules that are `gone` keep the names they export, and nothing behind them. `isSilent`: no message has a text. */
function leavingOut(gone: ReadonlySet<string>, isSilent: boolean): Plugin {
  return {
    name: 'leaving out',
    setup({ onLoad }) {
      onLoad({ filter: /\.js$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8')
        if (gone.has(partOf(path))) return { contents: stubOf(text) }
        if (!isSilent || !TALKS.test(path)) return { contents: text }
        const { code } = await transform(text, { minifyWhitespace: true }) // without comments
        return { contents: code.replaceAll(LITERAL, (one) => (one.includes(' ') ? '""' : one)) }
      })
    },
  }
}

/** Modules of ours; but schemes say nothing, and have quotes in an expression. */
const TALKS = /\/packages\/core\/dist\/(?!scheme)/
/** Strings and templates, from beginning to end. Those with a blank in them are read by people. */
const LITERAL = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g

function stubOf(text: string): string {
  const declared = [...text.matchAll(/^export (?:async )?(?:function|class|const) (\w+)/gm)]
  const listed = [...text.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, names = '']) =>
    names.split(','),
  )
  const names = [
    ...declared.map(([, name = '']) => name),
    ...listed.map((one) => one.replace(/^.* as /s, '').trim()),
  ]
  const stubs = [...new Set(names)].filter((name) => name !== '' && name !== 'default')
  return [
    ...stubs.map((name) => `export const ${name} = globalThis.x`),
    ...(/^export (default|\{[^}]*default)/m.test(text) ? ['export default globalThis.x'] : []),
  ].join('\n')
}
