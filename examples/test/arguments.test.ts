import { describe, expect, test } from 'vitest'
import { help, parseArguments, UsageError } from '../demo/src/arguments.ts'

describe('the arguments of the demo', () => {
  test('without any, it is ten seconds against the double', () => {
    expect(parseArguments([])).toEqual({ target: 'double', seconds: 10, help: false })
  })

  test('--nocodb lasts three lifetimes of its tokens and more', () => {
    expect(parseArguments(['--nocodb'])).toEqual({ target: 'nocodb', seconds: 12, help: false })
  })

  test('--url names the own server, under a sub-path too', () => {
    expect(parseArguments(['--url', 'https://example.com/nocodb', '--seconds=3'])).toEqual({
      target: 'own',
      url: 'https://example.com/nocodb',
      seconds: 3,
      help: false,
    })
  })

  test.each(['--help', '-h'])('%s asks for help', (argument) => {
    expect(parseArguments([argument]).help).toBe(true)
    expect(help).toContain('--seconds')
  })

  test.each([
    [['--seconds', '0'], /--seconds must be a whole number from 1 to 3600, got "0"/],
    [['--seconds', '1.5'], /whole number/],
    [['--seconds', '3601'], /3600/],
    [['--seconds', 'ten'], /got "ten"/],
    [['--seconds', ''], /--seconds/],
    [['--seconds'], /--seconds/],
    [['--url', 'example.com'], /--url must be/],
    [['--url', 'ftp://example.com'], /--url must be/],
    [['--nocodb', '--url', 'https://example.com'], /exclude each other/],
    [['--nocdb'], /--nocdb/],
    [['double'], /double/],
  ])('%j is refused, with the reason', (argv, reason) => {
    const parse = () => parseArguments(argv)
    expect(parse).toThrow(UsageError)
    expect(parse).toThrow(reason)
  })

  test('a URL is never repeated: it may hold a password', () => {
    expect(() => parseArguments(['--url', 'ftp://me:s3cret@example.com'])).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('s3cret') }),
    )
  })
})
