import { html } from 'hono/html'

/** `html` escapes its values. */
type Page = ReturnType<typeof html>

export interface Base {
  title: string
}

export function basesPage({ email, bases }: { email: string; bases: Base[] }): Page {
  return page(
    'Bases',
    html`<p>Signed in as <b>${email}</b></p>
      <ul>
        ${bases.map(({ title }) => html`<li>${title}</li>`)}
      </ul>
      <form method="post" action="/sign-out"><button>Sign out</button></form>`,
  )
}

export function signInPage(reason?: string): Page {
  return page(
    'Sign in',
    html`${reason && html`<p role="alert">${reason}</p>`}
      <form method="post" action="/sign-in">
        <input name="email" type="email" autocomplete="username" required />
        <input name="password" type="password" autocomplete="current-password" required />
        <button>Sign in</button>
      </form>`,
  )
}

export function errorPage(reason: string): Page {
  return page('Please try again', html`<p role="alert">${reason}</p>`)
}

function page(title: string, body: Page): Page {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
      </head>
      <body>
        <h1>${title}</h1>
        ${body}
      </body>
    </html>`
}
