import {
  type Comment,
  type CommentTag,
  type DeclarationReflection,
  makeRecursiveVisitor,
  type ParameterReflection,
  type Reflection,
  type ReflectionGroup,
  ReflectionKind,
  type ReflectionType,
  type SignatureReflection,
  type SomeType,
} from 'typedoc'
import { MarkdownTheme, MarkdownThemeContext } from 'typedoc-plugin-markdown'

type Page = ConstructorParameters<typeof MarkdownThemeContext>[1]
type Helpers = MarkdownThemeContext['helpers']
type Member = DeclarationReflection | ParameterReflection

/**
 * The plugin's theme without what repeats itself. A signature names its parameters, their types and what
 * it returns, so only what has something said about it gets a line; and no heading stands over one line.
 */
export class CompactTheme extends MarkdownTheme {
  override getRenderContext(page: Page): MarkdownThemeContext {
    const context = new MarkdownThemeContext(this, page, this.application.options)
    const { partials } = context
    const { reflectionType, indexSignature } = partials
    Object.assign(partials, {
      signature: (model: SignatureReflection) => showSignature(model, context),
      constructor: ({ signatures = [] }: DeclarationReflection) =>
        paragraphs(...signatures.map((signature) => showSignature(signature, context))),
      declaration: (model: DeclarationReflection) => showDeclaration(model, context),
      declarationTitle: (model: DeclarationReflection) => code(declarationOf(model, context)),
      comment: (comment: Comment) => showComment(comment, context.helpers),
      body: (model: DeclarationReflection, { headingLevel }: { headingLevel: number }) =>
        showMembers(model, context, headingLevel),
      members: (models: DeclarationReflection[], options: { headingLevel: number }) =>
        paragraphs(...models.map((model) => partials.memberContainer(model, options))),
      indexSignature: (model: SignatureReflection, options: { headingLevel: number }) =>
        indexSignature(model, options).replace(/^```ts$/m, '```typescript'),
      reflectionType: (type: ReflectionType, options?: { forceCollapse: boolean }) =>
        isFetch(type) ? '`typeof fetch`' : reflectionType(type, options),
      hierarchy: ({ types, isTarget }: { types: SomeType[]; isTarget?: boolean }) =>
        isTarget ? '' : showParents(types, context),
    })
    return context
  }
}

const paragraphs = (...parts: string[]) => parts.filter((part) => part.trim()).join('\n\n')

/** Examples are `ts`, this is `typescript`: whoever compiles the code of a page can tell them apart. */
const code = (text: string) => `\`\`\`typescript\n${text}\n\`\`\``

const inOneLine = (text: string) => text.replaceAll(/\s+/g, ' ').trim()

/** A type as the code that it stands for: what the plugin gives is Markdown, over several lines. */
function asCode(markdown: string): string {
  const text = markdown
    .replaceAll(/\[`([^`]*)`\]\([^)]*\)/g, '$1')
    .replaceAll('*extends*', 'extends')
    .replaceAll('`', '')
    .replaceAll(/\\(?=\W)/g, '')
  return inOneLine(text).replace(/^\| /, '')
}

function showComment(comment: Comment | undefined, helpers: Helpers): string {
  return paragraphs(...textOf(comment, helpers))
}

/** What is said, then its tags. */
function textOf(comment: Comment | undefined, helpers: Helpers): string[] {
  if (!comment) return []
  const tags = comment.blockTags.map((tag) => showTag(tag, helpers))
  return [helpers.getCommentParts(comment.summary), ...tags]
}

function showTag({ tag, content }: CommentTag, helpers: Helpers): string {
  const text = helpers.getCommentParts(content).trim()
  return tag === '@example' ? text : `**${tag.charAt(1).toUpperCase()}${tag.slice(2)}:** ${text}`
}

function showSignature(model: SignatureReflection, context: MarkdownThemeContext): string {
  const [text = '', ...tags] = textOf(model.comment ?? model.parent.comment, context.helpers)
  const parameters = describeParameters(model, context.helpers)
  const types = linkTypes([...(model.parameters ?? []), model], context)
  return paragraphs(code(signatureOf(model, context)), text, parameters, ...tags, types)
}

/** As it would be declared: in one line where it fits. */
function signatureOf(model: SignatureReflection, context: MarkdownThemeContext): string {
  const { partials } = context
  const { parent, kind, parameters = [] } = model
  const before = parent.kindOf(ReflectionKind.Function) ? 'function ' : ''
  const title = kind === ReflectionKind.ConstructorSignature ? `new ${model.name}` : parent.name
  const optional = parent.flags.isOptional ? '?' : ''
  const head = before + title + optional + genericOf(model, context)
  const typeOf = ({ type }: { type?: SomeType }) =>
    type ? `: ${asCode(partials.someType(type))}` : ''
  const end = typeOf(model)
  const list = parameters.map((parameter) => {
    const { flags, defaultValue } = parameter
    const name = parameter.name.replace('__namedParameters', 'options') // taken apart at once
    const mark = flags.isOptional || defaultValue !== undefined ? '?' : ''
    return `${name}${mark}${typeOf(parameter)}`
  })
  const line = `${head}(${list.join(', ')})${end}`
  return line.length <= 100
    ? line
    : `${head}(\n${list.map((each) => `  ${each},\n`).join('')})${end}`
}

function genericOf(
  { typeParameters }: SignatureReflection | DeclarationReflection,
  { helpers }: MarkdownThemeContext,
): string {
  return typeParameters ? `<${asCode(helpers.getTypeParameters(typeParameters) ?? '')}>` : ''
}

/** A type or a constant, and of the objects in it each member. */
function showDeclaration(model: DeclarationReflection, context: MarkdownThemeContext): string {
  const [text = '', ...tags] = textOf(model.comment, context.helpers)
  const { type } = model
  const parts = type?.type === 'union' || type?.type === 'intersection' ? type.types : [type]
  const objects = parts.filter((part) => part?.type === 'reflection')
  const members = objects.flatMap(({ declaration }) => declaration.children ?? [])
  const types = linkTypes([model], context)
  const title = code(declarationOf(model, context))
  return paragraphs(
    title,
    text,
    describeUnion(type, context),
    ...tags,
    showTable(members, context),
    types,
  )
}

/** Of the alternatives, those about which something is said. */
function describeUnion(
  type: SomeType | undefined,
  { partials, helpers }: MarkdownThemeContext,
): string {
  if (type?.type !== 'union') return ''
  const lines = type.types.map((each, at) => {
    const said = type.elementSummaries?.[at] ?? []
    return said.length > 0
      ? `- ${partials.someType(each)}: ${inOneLine(helpers.getCommentParts(said))}`
      : ''
  })
  return lines.filter(Boolean).join('\n')
}

function declarationOf(model: DeclarationReflection, context: MarkdownThemeContext): string {
  const show = (type: SomeType | undefined) => asCode(context.partials.someType(type))
  const { name, kind, type } = model
  if (kind === ReflectionKind.Variable) return `const ${name}: ${show(type)}`
  const head = `type ${name}${genericOf(model, context)} =`
  const line = `${head} ${type ? show(type) : asCode(context.partials.declarationType(model))}`
  if (line.length <= 100 || type?.type !== 'union') return line
  return [head, ...type.types.map((each) => `  | ${show(each)}`)].join('\n')
}

/** On top of a page its members by group, then each of them. Of an interface, first the properties. */
function showMembers(
  model: DeclarationReflection,
  context: MarkdownThemeContext,
  headingLevel: number,
) {
  const { partials } = context
  const { groups = [], children = [], kind } = model
  if (kind === ReflectionKind.Project) return partials.groups(model, { headingLevel, kind })
  if (kind === ReflectionKind.Module) {
    const index = groups.map((group) => showGroup(group, context)).join('\n')
    return paragraphs(
      children.length > 1 ? index : '',
      partials.members(children, { headingLevel }),
    )
  }
  const isProperty = (child: DeclarationReflection) =>
    child.kind === ReflectionKind.Property || child.kind === ReflectionKind.Accessor
  const others = children.filter((child) => !isProperty(child))
  const properties = showTable(children.filter(isProperty), context)
  return paragraphs(properties, partials.members(others, { headingLevel }))
}

/** Those that can be looked up: here, or wherever JavaScript is described. */
function showParents(types: SomeType[], { partials, router }: MarkdownThemeContext): string {
  const known = types.filter(
    (type) =>
      type.type === 'reference' &&
      (type.reflection ? router.hasUrl(type.reflection) : type.name === 'Error'),
  )
  return known.length > 0
    ? `Extends ${known.map((type) => partials.someType(type)).join(', ')}.`
    : ''
}

function showGroup({ title, children }: ReflectionGroup, context: MarkdownThemeContext): string {
  const link = (child: Reflection) =>
    `[${context.partials.memberTitle(child as DeclarationReflection)}](${context.urlTo(child)})`
  return `- ${title}: ${children.map(link).join(', ')}`
}

/** A row for each property, and for each member of one that is an object. */
function showTable(models: DeclarationReflection[], context: MarkdownThemeContext): string {
  const { partials, helpers } = context
  const cell = (content: string) => inOneLine(content).replaceAll(/(?<!\\)\|/g, '\\|')
  const typeOf = ({ type, getSignature, signatures = [] }: DeclarationReflection) => {
    const own = type ?? getSignature?.type
    return own
      ? partials
          .someType(own)
          .trim()
          .replace(/^\\?\| /, '')
      : partials.functionType(signatures)
  }
  const rows = (path: string, model: DeclarationReflection): string[] => {
    const name = path + model.name
    const members = membersOf(model)
    const type = members.length > 0 ? '`object`' : typeOf(model)
    const said = cell(showComment(commentOf(model), helpers))
    return [
      `| \`${name}${model.flags.isOptional ? '?' : ''}\` | ${cell(type)} | ${said} |`,
      ...members.flatMap((member) => rows(`${name}.`, member)),
    ]
  }
  if (models.length === 0) return ''
  return ['| | type | |', '|---|---|---|', ...models.flatMap((model) => rows('', model))].join('\n')
}

/** A function that is a property keeps what is said about it on its signature. */
function commentOf({ comment, type, getSignature, signatures }: DeclarationReflection) {
  const own = type?.type === 'reflection' ? type.declaration.signatures : signatures
  return comment ?? getSignature?.comment ?? own?.find((signature) => signature.comment)?.comment
}

const membersOf = ({ type }: Member): DeclarationReflection[] =>
  type?.type === 'reflection' ? (type.declaration.children ?? []) : []

/** `typeof fetch` reaches us as what it stands for, the overloads of DOM and Node. */
function isFetch({ declaration }: ReflectionType): boolean {
  const [input, init] = declaration.signatures?.[0]?.parameters ?? []
  return input?.name === 'input' && init?.name === 'init'
}

/** A line for each parameter, and each member of one, about which something is said. */
function describeParameters({ parameters = [] }: SignatureReflection, helpers: Helpers): string {
  const describe = (path: string, parameter: Member): string[] => {
    const name = path + parameter.name
    const said = parameter.comment ? helpers.getCommentParts(parameter.comment.summary) : ''
    const line = said ? [`- \`${name}\`: ${inOneLine(said)}`] : []
    return [...line, ...membersOf(parameter).flatMap((member) => describe(`${name}.`, member))]
  }
  return parameters.flatMap((parameter) => describe('', parameter)).join('\n')
}

/** A block of code holds no links, so its types are linked below it. */
function linkTypes(models: { type?: SomeType }[], context: MarkdownThemeContext): string {
  const links = new Set<string>()
  const visitor = makeRecursiveVisitor({
    reference({ reflection }) {
      if (!reflection || !context.router.hasUrl(reflection)) return
      links.add(`[\`${reflection.name}\`](${context.urlTo(reflection)})`)
    },
  })
  for (const { type } of models) type?.visit(visitor)
  return links.size > 0 ? `Types: ${[...links].join(', ')}` : ''
}
