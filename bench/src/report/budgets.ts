import type { Overhead } from '../measures/overhead.ts'
import type { Ratio } from '../measures/rounds.ts'
import type { Storm } from '../measures/storm.ts'
import type { Results } from './results.ts'

/** One budget, held against what was measured. */
export interface Verdict {
  what: string
  /** As it is said, its unit included. */
  budget: string
  measured: string
  held: boolean
  /** What was measured over what is allowed: above 1, by how much it is missed. */
  factor?: number
}

/** What bundles may weigh, minified and gzipped, in bytes; axios and ky themselves not counted. */
export const sizeBudgets: Readonly<Record<string, number>> = {
  'core + fetch': 11_000,
  'core + axios adapter': 13_000,
  'core + ky hooks': 11_200,
  'fetch adapter alone': 1_200,
  'axios adapter alone': 1_200,
  'ky hooks alone': 1_200,
  'fetch + NocoDB': 15_000,
  'fetch + jwt + web store': 16_500,
  'fetch + oauth for machines': 35_000,
  'fetch + oauth for people': 40_000,
}

/** Against a client that sets a constant header by hand: whoever sends a token at all pays for a header. */
const MAX_OVERHEAD = 1.05
/** By how far away the server is. */
const MAX_STORM = { far: 1.1, near: 1.2 }
const MAX_STEADY_P99 = 1.05
/** Peers that put the token on the request, as we do, and can be compared on the same transport. */
const INJECTING = [
  '@badgateway/oauth2-client',
  'axios-jwt',
  "Azure's bearer policy",
  "ky's recipe",
  'supertokens-website',
  "alova's token authentication",
]

/** Every budget that the results can answer. */
export function judge(results: Results): Verdict[] {
  return [
    ...(results.overhead ?? []).filter(isOurs).map((row) => ofOverhead(row)),
    ...ofPeers(results.overhead ?? []),
    ...(results.storm ?? []).filter(isOurs).filter(isLarge).flatMap(ofStorm),
    ...ofSteady(results),
    ...ofSizes(results),
  ]
}

const isOurs = ({ name }: { name: string }) => name === 'latchkey'
const isLarge = ({ requests }: Storm) => requests >= 1_000

function ofOverhead({ client, mode, toConstant }: Overhead): Verdict {
  const what = `overhead, ${client}, ${mode}: x a constant header`
  return upTo(what, toConstant.median, MAX_OVERHEAD, ofRatio(toConstant))
}

/** Ours on each client below every peer that injects, each against a constant header on its own client. */
function ofPeers(rows: readonly Overhead[]): Verdict[] {
  return (['sequential', 'wide'] as const).flatMap((mode) => {
    const inMode = rows.filter((row) => row.mode === mode)
    const ours = inMode.filter(isOurs)
    const peers = inMode.filter(({ name }) => INJECTING.includes(name))
    if (ours.length === 0 || peers.length === 0) return []
    const worst = ours.toSorted((a, b) => b.toConstant.median - a.toConstant.median)[0] as Overhead
    const best = peers.toSorted((a, b) => a.toConstant.median - b.toConstant.median)[0] as Overhead
    const verdict = upTo(
      `overhead, ${mode}: our worst (${worst.client}) below the best peer (${best.name})`,
      worst.toConstant.median,
      best.toConstant.median,
      ofRatio(worst.toConstant),
    )
    return [verdict]
  })
}

function ofStorm({ client, requests, latency, renewals, failures, toIdeal }: Storm): Verdict[] {
  const where = `storm of ${requests}, ${client}, ${latency === 'far' ? '20 ms away' : 'no latency'}`
  return [
    {
      what: `${where}: renewals, failures`,
      budget: '1, 0',
      measured: `${renewals}, ${failures}`,
      held: renewals === 1 && failures === 0,
    },
    upTo(
      `${where}: x ideal`,
      toIdeal.median,
      latency === 'far' ? MAX_STORM.far : MAX_STORM.near,
      ofRatio(toIdeal),
    ),
  ]
}

function ofSteady({ steady = [] }: Results): Verdict[] {
  return steady.filter(isOurs).flatMap(({ client, requests, waited, p99ToNever }) => {
    const control = steady.find((row) => row.client === client && row.name === 'never expires')
    // What the machine holds up, it holds up without any token as well.
    const others = control?.waited ?? 0
    return [
      {
        what: `steady load, ${client}: requests that waited`,
        budget: '0',
        measured: `${waited} of ${requests} (never expires: ${others})`,
        held: waited <= others,
      },
      upTo(`steady load, ${client}: p99 x never expires`, p99ToNever, MAX_STEADY_P99),
    ]
  })
}

function ofSizes({ sizes = [] }: Results): Verdict[] {
  return sizes.flatMap(({ name, gzip }) => {
    const budget = sizeBudgets[name]
    return budget === undefined ? [] : [upTo(`size: ${name}, bytes`, gzip, budget, `${gzip}`)]
  })
}

function upTo(what: string, value: number, limit: number, measured = value.toFixed(2)): Verdict {
  const budget = `<= ${Number.isInteger(limit) ? limit : limit.toFixed(2)}`
  return { what, budget, measured, held: value <= limit, factor: value / limit }
}

const ofRatio = ({ median, low, high }: Ratio) =>
  `${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`
