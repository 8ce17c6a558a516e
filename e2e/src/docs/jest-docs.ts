import { blocksOf } from './pages.ts'

const blocks = blocksOf('docs/testing.md')
const found = (name: string) => blocks.find(({ code }) => code.startsWith(`// ${name}`))?.code ?? ''

/** The files that docs/testing.md shows for Jest. */
export const jestFiles = {
  'jest.config.cjs': found('jest.config.cjs'),
  'babel.config.cjs': found('babel.config.cjs'),
}

/** How it has Jest load ES modules natively. */
export const nativeOptions =
  blocks.flatMap(({ code }) => /NODE_OPTIONS=(\S+) npx jest/.exec(code)?.[1] ?? [])[0] ?? ''
