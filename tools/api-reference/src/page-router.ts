import { type DeclarationReflection, ReflectionKind, type RouterTarget } from 'typedoc'
import { ModuleRouter } from 'typedoc-plugin-markdown'

/** A page for each entry point, and an anchor for each heading of it, as GitHub numbers them. */
export class PageRouter extends ModuleRouter {
  override buildAnchors(target: RouterTarget): void {
    const model = target as DeclarationReflection
    const page = pageOf(model)
    if (!page || this.anchors.has(model)) return
    const anchor = this.getSlugger(page).slug(model.name)
    this.anchors.set(model, anchor)
    this.fullUrls.set(model, `${this.fullUrls.get(page)}#${anchor}`)
  }
}

/** The page that has a heading for `model`: one that is exported, or a method of it. */
function pageOf({ kind, parent }: DeclarationReflection) {
  const owner = kind === ReflectionKind.Method ? parent : { parent }
  return owner?.parent?.kind === ReflectionKind.Module ? owner.parent : undefined
}
