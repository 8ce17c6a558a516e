# A plumber API, secured as sealr secures one: sign-in for a JWT, a filter that wants it in a header or in an
# encrypted HttpOnly cookie, and the same 401 for a missing, expired or insufficient token.
#
# It is told by its environment: PLUMBER_PASSWORD, PLUMBER_SECRET and PLUMBER_LIFE_S. It listens on a free
# port of this machine and says which: "listening on <port>".
library(plumber)

password <- Sys.getenv("PLUMBER_PASSWORD")
secret <- Sys.getenv("PLUMBER_SECRET")
life_s <- as.numeric(Sys.getenv("PLUMBER_LIFE_S"))

# What the tests turn: tokens of an older version are refused as expired ones are.
state <- new.env()
state$version <- 1
state$counts <- list(signIns = 0, refusedSignIns = 0, served = 0, refused = 0)
count <- function(what) state$counts[[what]] <- state$counts[[what]] + 1

base64url <- function(bytes) {
  chartr("+/", "-_", gsub("[=\n]", "", jsonlite::base64_enc(bytes)))
}

from_base64url <- function(text) {
  padding <- strrep("=", (4 - nchar(text) %% 4) %% 4)
  jsonlite::base64_dec(paste0(chartr("-_", "+/", text), padding))
}

signature_of <- function(text) {
  base64url(as.raw(openssl::sha256(charToRaw(text), key = charToRaw(secret))))
}

json <- function(value) {
  charToRaw(enc2utf8(as.character(jsonlite::toJSON(value, auto_unbox = TRUE, digits = NA))))
}

make_jwt <- function(user) {
  now <- floor(as.numeric(Sys.time()))
  claims <- list(
    sub = user, iat = now, exp = now + life_s, version = state$version,
    jti = openssl::rand_num(1)
  )
  text <- paste0(base64url(json(list(alg = "HS256", typ = "JWT"))), ".", base64url(json(claims)))
  paste0(text, ".", signature_of(text))
}

# The claims of a token that is good, or NULL.
claims_of <- function(token) {
  parts <- strsplit(token, ".", fixed = TRUE)[[1]]
  if (length(parts) != 3) return(NULL)
  if (!identical(signature_of(paste0(parts[1], ".", parts[2])), parts[3])) return(NULL)
  claims <- jsonlite::fromJSON(rawToChar(from_base64url(parts[2])))
  is_good <- claims$exp > as.numeric(Sys.time()) && claims$version == state$version
  if (is_good) claims else NULL
}

# Ciphertext and nonce, as plumber's session cookie has them: to a client it is opaque.
cookie_key <- sodium::random(32)

seal <- function(text) {
  nonce <- sodium::random(24)
  parts <- list(sodium::data_encrypt(charToRaw(text), cookie_key, nonce), nonce)
  paste(vapply(parts, openssl::base64_encode, ""), collapse = "_")
}

unseal <- function(text) {
  parts <- lapply(strsplit(text, "_", fixed = TRUE)[[1]], openssl::base64_decode)
  rawToChar(sodium::data_decrypt(parts[[1]], cookie_key, parts[[2]]))
}

# Header, header of its own, or cookie.
token_of <- function(req) {
  if (!is.null(req$HTTP_AUTHORIZATION)) return(sub("^Bearer\\s", "", req$HTTP_AUTHORIZATION))
  if (!is.null(req$HTTP_X_TOKEN)) return(req$HTTP_X_TOKEN)
  unseal(req$cookies$token)
}

refuse <- function(res, code, message) {
  res$status <- code
  list(status = "Failed.", code = code, message = message)
}

authenticate <- function(req, res) {
  claims <- tryCatch(claims_of(token_of(req)), error = function(e) NULL)
  if (is.null(claims) || (req$PATH_INFO == "/admin" && claims$sub != "root")) {
    count("refused")
    return(refuse(res, 401, "Authentication required."))
  }
  count("served")
  forward()
}

# The token, or what went wrong, in `answer`'s shape.
sign_in <- function(answer) {
  function(req, res) {
    user <- req$body$user
    if (is.null(user) || is.null(req$body$password)) {
      return(refuse(res, 404, "Please return password or username."))
    }
    if (!identical(req$body$password, password)) {
      count("refusedSignIns")
      return(refuse(res, 401, "User or password wrong."))
    }
    count("signIns")
    answer(make_jwt(user), res)
  }
}

into_cookie <- function(jwt, res) {
  res$setCookie("token", seal(jwt), path = "/", http = TRUE)
  list()
}

out_of_cookie <- function(res) {
  res$removeCookie("token", path = "/", http = TRUE)
  list()
}

# A serializer of its own, as an API that wraps whatever it says.
serializer_wrapped <- function() {
  serializer_content_type("application/json", function(value) {
    jsonlite::toJSON(list(result = value, at = Sys.time()))
  })
}

api <- pr() |>
  pr_filter("authenticate", authenticate) |>
  pr_post("/login", sign_in(function(jwt, res) jwt), preempt = "authenticate") |>
  pr_post("/login/list", sign_in(function(jwt, res) list(jwt = jwt)), preempt = "authenticate") |>
  pr_post("/login/unboxed", sign_in(function(jwt, res) list(jwt = jwt)),
    serializer = serializer_unboxed_json(), preempt = "authenticate"
  ) |>
  pr_post("/login/text", sign_in(function(jwt, res) jwt),
    serializer = serializer_text(), preempt = "authenticate"
  ) |>
  pr_post("/login/wrapped", sign_in(function(jwt, res) list(token = jwt)),
    serializer = serializer_wrapped(), preempt = "authenticate"
  ) |>
  pr_post("/login/cookie", sign_in(into_cookie), preempt = "authenticate") |>
  pr_post("/logout/cookie", out_of_cookie, preempt = "authenticate") |>
  pr_get("/data", function() list(rows = 1:3)) |>
  pr_post("/data", function(req) list(received = req$body$text)) |>
  pr_get("/admin", function() list(rows = 4)) |>
  pr_get("/control/counts", function() state$counts,
    serializer = serializer_unboxed_json(), preempt = "authenticate"
  ) |>
  pr_post("/control/expire", function() {
    state$version <- state$version + 1
    list()
  }, preempt = "authenticate") |>
  pr_set_docs(FALSE)

port <- httpuv::randomPort(host = "127.0.0.1")
cat("listening on ", port, "\n", sep = "")
pr_run(api, host = "127.0.0.1", port = port, quiet = TRUE)
