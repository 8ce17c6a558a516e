import { stripVTControlCharacters } from 'node:util'
import mermaid from 'mermaid'
import { describe, expect, test } from 'vitest'
import {
  type Recording,
  renderHtml,
  renderMermaid,
  renderSvg,
  renderText,
  type TimelineEntry,
} from '../src/index.ts'
import { storm } from './support/scene.ts'

const { timeline } = await storm()

/** A recording whose every text tries to break out of where it is written. */
function hostile(text: string): Recording {
  const about = { request: 1, method: text, url: `https://api.test/${text}`, attempt: 1 }
  const entries: TimelineEntry[] = [
    { id: 1, at: 1000, kind: 'waiting', ...about },
    { id: 2, at: 1100, kind: 'renewed', renewal: 1, generation: 1, grant: text, durationMs: 90 },
    { id: 3, at: 1100, kind: 'sent', ...about, generation: 1, waitedMs: 100, renewal: 1 },
    { id: 4, at: 1200, kind: 'gaveUp', ...about, waitedMs: 1, code: text },
    { id: 5, at: 1300, kind: 'storeFailed', operation: 'get', code: text },
  ]
  return { version: 1, name: text, until: 2000, dropped: 0, entries }
}

const attacks = [
  `</style></svg><script>alert(1)</script><img src=x onerror="alert(1)">`,
  `' " & < > ]]> <!--`,
  `a;b#c:d\nend\n%% x ->> y`,
  '\u001B[31m\u0007\u202E\u2028',
  '\uD800 lone',
]

describe('the picture in characters', () => {
  test('shows which requests waited for which renewal', () => {
    expect(`\n${timeline.toText({ width: 72 })}\n`).toMatchInlineSnapshot(`
      "
      2023-11-14T22:13:20.000Z  5 requests, 2 renewals, 5 waited, 3 sent again, 0 gave up

                     0 ms───────────200 ms─────────400 ms──────────600 ms─────
      session        ─────────▲                           ──────▲            ■
      GET /items ×3  ▒▒▒▒▒▒▒▒▒▒·                        ··▒▒▒▒▒▒↻···
      GET /me        ▒▒▒▒▒▒▒▒▒▒···
      POST /me                                          ··▒▒▒▒▒▒↻·····

        120 ms  ▲ renewed by refresh token in 120 ms; 2 requests waited, 120 ms at most
        570 ms  ▲ renewed by refresh token in 80 ms; 3 requests waited, 80 ms at most
        730 ms  ■ signed out (signOut)

      · on its way  ▒ waits for a token  ↻ sent again  ▲ renewed  ■ signed out
      "
    `)
  })

  test('is never wider than the width option', () => {
    for (const width of [40, 60, 120, 200]) {
      const [, , ...lines] = timeline.toText({ width }).split('\n')
      const picture = lines.slice(0, 4)
      expect(Math.max(...picture.map((line) => line.length))).toBeLessThanOrEqual(width)
    }
  })

  test('in colour has the same text as without', () => {
    const colored = timeline.toText({ color: true })
    expect(colored).toContain('\u001B[')
    expect(stripVTControlCharacters(colored)).toBe(timeline.toText())
  })

  test.each(attacks)('contains no control characters for a terminal: %j', (text) => {
    // oxlint-disable-next-line no-control-regex -- that is what is looked for
    expect(renderText([hostile(text)])).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u202E\u2028]/)
  })

  test('puts the addresses without a lane of their own into one lane', () => {
    const text = timeline.toText({ lanes: 2 })
    expect(text).toContain('GET /items ×3')
    expect(text).toContain('2 other addresses ×2')
  })

  test('begins at the from option', () => {
    const { entries } = timeline.toJSON()
    const from = entries.find(({ kind }) => kind === 'answered')!.at
    expect(timeline.toText({ from })).toContain(new Date(from).toISOString())
    expect(timeline.toText({ from })).not.toContain('in 120 ms')
  })

  test('of nothing is still a picture', () => {
    const empty: Recording = { version: 1, until: 1000, dropped: 0, entries: [] }
    for (const render of [renderText, renderMermaid, renderSvg, renderHtml]) {
      expect(render([empty])).not.toMatch(/NaN|Infinity|undefined/)
    }
  })
})

describe('the Mermaid diagram', () => {
  test('is valid for Mermaid, with every step in it', async () => {
    const text = timeline.toMermaid()
    expect(await mermaid.parse(text)).toMatchObject({ diagramType: 'sequence' })
    expect(text).toMatchInlineSnapshot(`
      "sequenceDiagram
        participant C0 as app
        participant L0 as Latchkey
        participant S as server
        C0->>L0: 1. GET /items
        Note right of L0: 1 waits
        C0->>L0: 2. GET /me
        Note right of L0: 2 waits
        Note over L0: renewed by refresh token in 120 ms
        L0->>S: 1. token 1 after 120 ms
        L0->>S: 2. token 1 after 120 ms
        S-->>C0: 1. 200
        S-->>C0: 2. 200
        C0->>L0: 3. GET /items
        L0->>S: 3. token 1
        C0->>L0: 4. GET /items
        L0->>S: 4. token 1
        C0->>L0: 5. POST /me
        L0->>S: 5. token 1
        S-->>L0: 3. 401
        Note right of L0: 3 waits
        S-->>L0: 4. 401
        Note right of L0: 4 waits
        S-->>L0: 5. 401
        Note right of L0: 5 waits
        Note over L0: renewed by refresh token in 80 ms
        L0->>S: 3. again token 2 after 80 ms
        L0->>S: 4. again token 2 after 80 ms
        L0->>S: 5. again token 2 after 80 ms
        S-->>C0: 3. 200
        S-->>C0: 4. 200
        S-->>C0: 5. 200
        Note over L0: signed out (signOut)
      "
    `)
  })

  test.each(attacks)('is not changed by the text %j', async (text) => {
    const plain = renderMermaid([hostile('x')])
    const drawn = renderMermaid([hostile(text)])
    expect(drawn.split('\n')).toHaveLength(plain.split('\n').length)
    expect(await mermaid.parse(drawn)).toMatchObject({ diagramType: 'sequence' })
  })

  test('shows the newest entries up to its limit', async () => {
    const text = timeline.toMermaid({ limit: 1 })
    expect(text).toContain('signed out')
    expect(text).not.toContain('renewed')
    expect(await mermaid.parse(text)).toBeTruthy()
  })
})

describe('the page', () => {
  const elements = (markup: string) =>
    [...markup.matchAll(/<[^>]*>/g)].map(([tag]) => tag.replaceAll(/"[^"]*"/g, '""'))

  test('needs no script and loads nothing', () => {
    const page = timeline.toHTML()
    expect(page).not.toMatch(/<script|javascript:|\son\w+=|@import|url\(|<link|src=/i)
    expect(page).toContain(`default-src 'none'`)
    expect(page).toContain('prefers-color-scheme: dark')
  })

  test.each(attacks)('has no additional elements for the text %j', (text) => {
    for (const render of [renderHtml, renderSvg]) {
      const harmless = 'x'.repeat(text.length)
      expect(elements(render([hostile(text)]))).toEqual(elements(render([hostile(harmless)])))
    }
    expect(elements(renderHtml([], { title: text }))).toEqual(elements(renderHtml([])))
  })

  test('describes every entry in words', () => {
    const page = timeline.toHTML()
    expect(page.match(/<tr><td>/g)).toHaveLength(timeline.entries.length)
    expect(page).toContain('sent again with token 2, waited 80 ms for renewal 2')
  })
})

describe('several recordings', () => {
  test('share one axis of time, each under its name', () => {
    const one = { ...timeline.toJSON(), name: 'tab 1' }
    const two = { ...hostile('x'), name: 'tab 2' }
    for (const render of [renderText, renderSvg, renderHtml, renderMermaid]) {
      const all = render([one, two])
      expect(all).toContain('tab 1')
      expect(all).toContain('tab 2')
    }
  })

  test('survive JSON', () => {
    const copy = JSON.parse(JSON.stringify(timeline)) as Recording
    expect(renderSvg([copy])).toBe(timeline.toSVG())
  })
})

test('no secret is in any rendering', () => {
  const all = [
    timeline.toText(),
    timeline.toMermaid(),
    timeline.toHTML(),
    timeline.toSVG(),
    JSON.stringify(timeline),
  ]
  for (const text of all) expect(text).not.toContain('CANARY')
})
