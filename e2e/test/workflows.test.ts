import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

interface Step {
  uses?: string
  run?: string
  with?: Record<string, unknown>
}

interface Job {
  permissions?: Record<string, string>
  steps: Step[]
}

interface Workflow {
  on: Record<string, unknown>
  permissions?: Record<string, string>
  jobs: Record<string, Job>
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const every = globSync('.github/**/*.yml', { cwd: root }).toSorted()
const workflows = globSync('.github/workflows/*.yml', { cwd: root }).map((path) => ({
  path,
  workflow: parse(read(path)) as Workflow,
}))
const jobs = workflows.flatMap(({ path, workflow }) =>
  Object.entries(workflow.jobs).map(([name, job]) => ({ at: `${path}: ${name}`, job })),
)

test.each(every)('%s uses an action by its commit, and names the version', (path) => {
  const uses = read(path).matchAll(/uses: (?!\.\/)(.+)/g)
  const pinned = /^[\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/
  expect([...uses].flatMap(([, what = '']) => (pinned.test(what) ? [] : [what]))).toEqual([])
})

test('one version of an action is the same commit everywhere', () => {
  const pins = every.flatMap((path) => [...read(path).matchAll(/uses: (.+?)@(\w{40} # .+)/g)])
  const byAction = Map.groupBy(pins, ([, action = '']) => action.split('/', 2).join('/'))
  const versions = [...byAction].map(([, found]) => new Set(found.map(([, , pin]) => pin)).size)
  expect(versions.length).toBeGreaterThan(2)
  expect(new Set(versions)).toEqual(new Set([1]))
})

describe.each(workflows)('$path', ({ workflow }) => {
  test('has only the permission to read, unless a job asks for more', () => {
    expect([{}, { contents: 'read' }]).toContainEqual(workflow.permissions)
  })

  test('does not run code of others with our permissions', () => {
    expect(Object.keys(workflow.on)).not.toContain('pull_request_target')
    expect(Object.keys(workflow.on)).not.toContain('workflow_run')
  })

  test('needs no secret, because npm trusts the workflow and GitHub provides a token', () => {
    expect(JSON.stringify(workflow)).not.toContain('secrets.')
  })
})

test('only the job that publishes can authenticate to npm, and it does not build', () => {
  const trusted = jobs.filter(({ job }) => job.permissions?.['id-token'])
  expect(trusted.map(({ at }) => at)).toEqual(['.github/workflows/release.yml: publish'])
  expect(trusted.flatMap(({ job }) => job.steps.filter(({ run }) => run))).toEqual([])
})

test.each(jobs)(
  '$at leaves no token in the checkout, and expands no expressions in a shell',
  ({ job }) => {
    const checkouts = job.steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))
    expect(checkouts.map((step) => step.with?.['persist-credentials'])).toEqual([false])
    expect(job.steps.filter(({ run }) => run?.includes('${{'))).toEqual([])
  },
)
