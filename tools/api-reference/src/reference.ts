import { join } from 'node:path'
import {
  Application,
  type DeclarationReflection,
  LogLevel,
  type ProjectReflection,
  type TypeDocOptions,
} from 'typedoc'
import type { MarkdownRenderer, PluginOptions } from 'typedoc-plugin-markdown'
import { CompactTheme } from './compact-theme.ts'
import { PageRouter } from './page-router.ts'

/** Writes a page for each entry point. Throws when something that is exported has no docstring. */
export async function writeReference(
  root: string,
  entries: ReadonlyMap<string, string>,
  folder: string,
): Promise<void> {
  const app = await Application.bootstrapWithPlugins({
    ...display,
    plugin: ['typedoc-plugin-markdown', addOurs],
    logLevel: LogLevel.Warn,
    name: 'API reference',
    basePath: root,
    readme: 'none',
    tsconfig: join(root, 'tools/api-reference/tsconfig.json'),
    entryPoints: [...entries.values()],
    // One program of all packages, so that one page can link to another.
    compilerOptions: {
      paths: Object.fromEntries([...entries].map(([name, file]) => [name, [file]])),
    },
    skipErrorChecking: true, // `npm run check` does, with the TypeScript that we build with
    outputs: [{ name: 'markdown', path: folder }],
    treatWarningsAsErrors: true,
    treatValidationWarningsAsErrors: true,
    packagesRequiringDocumentation: [...entries.keys()],
  })
  const project = await app.convert()
  if (project) {
    dropWhatParentsSay(project)
    nameModules(project, [...entries.keys()])
    app.validate(project)
  }
  if (!project || app.logger.hasErrors() || app.logger.hasWarnings()) {
    throw new Error('The API reference was not written; the reasons are above.')
  }
  await app.generateOutputs(project)
}

const display: Partial<TypeDocOptions & PluginOptions> = {
  router: 'pages',
  theme: 'compact',
  excludeScopesInPaths: true,
  excludeExternals: true,
  excludeInternal: true,
  excludePrivate: true,
  disableSources: true,
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  expandObjects: true,
  expandParameters: true,
  parametersFormat: 'none',
  indexFormat: 'table',
  sort: [], // as the entry points list them
  groupOrder: ['Functions', 'Classes', 'Variables', 'Interfaces', 'Type Aliases', '*'],
  requiredToBeDocumented: [
    'Module',
    'Function',
    'Class',
    'Constructor',
    'Interface',
    'Property',
    'Method',
    'Accessor',
    'TypeAlias',
    'Variable',
  ],
  validation: { notDocumented: true, invalidLink: true },
}

function addOurs({ renderer }: Application): void {
  const { markdownHooks } = renderer as MarkdownRenderer
  renderer.defineTheme('compact', CompactTheme)
  renderer.defineRouter('pages', PageRouter)
  markdownHooks.on('content.begin', ({ page }) => (page.model.isProject() ? INTRODUCTION : ''))
}

const INTRODUCTION = `Every export of every package, written by \`npm run docs:api\` from the docstrings that your editor shows as well.
How things are done is told by [the guides](../README.md).

Examples take for granted what they use: a \`manager\`, a \`baseUrl\`, a \`password\`, \`axios\` and \`ky\` as they are imported.`

/** What an interface has from another one that has a place of its own is told there. */
function dropWhatParentsSay(project: ProjectReflection): void {
  const declarations = Object.values(project.reflections).filter((model) => model.isDeclaration())
  const told = declarations.filter(({ name, parent, inheritedFrom }) => {
    const owner = parent as DeclarationReflection | undefined
    const parents = inheritedFrom ? (owner?.extendedTypes ?? []) : []
    return parents.some((type) => {
      const model = type.type === 'reference' ? type.reflection : undefined
      return model?.isDeclaration() && model.getChildByName([name]) !== undefined
    })
  })
  for (const model of told) project.removeReflection(model)
}

/** By what one imports, in place of the file; and their members in the order of the page. */
function nameModules(project: ProjectReflection, names: string[]): void {
  for (const module of project.children ?? []) {
    const name = module.name.replace(/^packages\/([^/]+)\/src/, '@latchkey/$1')
    if (!names.includes(name)) throw new Error(`${module.name} is not an entry point.`)
    module.name = name
    const groups = module.groups ?? []
    module.children = groups.flatMap((group) => group.children as DeclarationReflection[])
  }
}
