import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { ada, useScene } from './support/scene.ts'

const scene = useScene()
const readme = fileURLToPath(new URL('../README.md', import.meta.url))

/** Words as a shell would split them: the tour needs no more than double quotes. */
const wordsOf = (line: string) =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')

/** What differs from run to run, in the words of the README. */
const settled = (text: string) =>
  text
    .replaceAll(scene.url, 'https://nocodb.example.com')
    .replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, 'eyJhbGciOiJIUzI1NiJ9.eyJlb…')
    .replaceAll(/20\d\d-\d\d-\d\dT[\d:.]+Z/g, '2026-11-21T18:00:00.000Z')
    .replaceAll(/\bm[a-z0-9]{14}\b/g, 'm0notes')
    .replaceAll(/v\d+\.\d+\.\d+/g, 'v24.11.0')
    .replaceAll(/^[\w-]{32,}$/gm, 'nc_…')

/** Types `line` in a terminal and gives what the README shows: the command and what came of it. */
async function shown(line: string, answers: [string, string][] = []): Promise<string> {
  const [, ...words] = wordsOf(line.replace('https://nocodb.example.com', scene.url))
  const { screen } = await scene.home.type(words, answers)
  return settled(`$ ${line}\n${screen}`)
}

async function piped(line: string): Promise<string> {
  const [, ...words] = wordsOf(line)
  const { stdout } = await scene.home.run(words)
  return settled(`$ ${line}\n${stdout.trim()}`)
}

it('the commands print the output that the tour in the README shows', async () => {
  const { tableId } = scene.double.control.addTable()
  const steps = [
    await shown('latchkey sign-in https://nocodb.example.com', [
      ['E-mail', ada.email],
      ['Password', ada.password],
    ]),
    await shown('latchkey status'),
    await shown(`latchkey request GET /api/v2/tables/${tableId}/records/count`),
    await piped('latchkey token --header'),
    await shown('latchkey run -- node -p "process.env.LATCHKEY_URL"'),
    await shown('latchkey api-tokens create "nightly export"'),
    await shown('latchkey api-tokens list'),
    await shown('latchkey doctor'),
    await shown('latchkey sign-out'),
  ]
  const tour = `<!-- tour: written by test/tour.test.ts; UPDATE_TOUR=1 renews it -->\n\n\`\`\`console\n${steps.join('\n\n')}\n\`\`\`\n\n<!-- tour ends -->`
  const page = readFileSync(readme, 'utf8')
  const updated = page.replace(/<!-- tour:.*?<!-- tour ends -->/s, () => tour)
  if (process.env['UPDATE_TOUR']) writeFileSync(readme, updated)
  expect(page.includes('<!-- tour ends -->')).toBe(true)
  expect(process.env['UPDATE_TOUR'] ? updated : page).toBe(updated)
})
