/**
 * `own-lines/max`: a function's own lines, without those of the functions inside it. So a factory is as long as what it
 * returns, and each function in it is counted by itself.
 */
interface Node {
  type: string
  parent?: Node | null
  loc: { start: { line: number }; end: { line: number } }
}

interface Context {
  options: readonly number[]
  report(problem: { node: Node; message: string }): void
}

const FUNCTION = /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/

const max = {
  meta: { schema: [{ type: 'integer' }] },
  create(context: Context) {
    const [most = 60] = context.options
    /** Lines of the functions inside, by the function around them. */
    const inside = new Map<Node, number>()
    const leave = (node: Node) => {
      const { start, end } = node.loc
      const lines = end.line - start.line + 1
      const own = lines - (inside.get(node) ?? 0)
      if (own > most) {
        context.report({ node, message: `A function of ${own} lines of its own. At most ${most}.` })
      }
      const around = functionAround(node)
      // A function on one line takes none of the lines of the function around it.
      if (around) inside.set(around, (inside.get(around) ?? 0) + lines - 1)
    }
    return {
      'FunctionDeclaration:exit': leave,
      'FunctionExpression:exit': leave,
      'ArrowFunctionExpression:exit': leave,
    }
  },
}

function functionAround(node: Node): Node | undefined {
  let around = node.parent
  while (around && !FUNCTION.test(around.type)) around = around.parent
  return around ?? undefined
}

const plugin = { meta: { name: 'own-lines' }, rules: { max } }

// oxlint-disable-next-line import/no-default-export -- as the linter wants it
export default plugin
