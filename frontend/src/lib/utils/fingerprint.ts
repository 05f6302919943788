/**
 * Compares what a person pasted with an offered "SHA256:..." fingerprint: true or false, and null while nothing
 * that could be one was pasted. A whole line of ssh-keygen -l is understood.
 */
export function compareFingerprint(given: string, offered: string): boolean | null {
  const text = given.trim();
  if (!text) return null;
  const found = /SHA256:\s*([A-Za-z0-9+/ ]+)/.exec(text)?.[1] ?? text;
  const plain = (s: string) => s.replace(/[\s=]/g, '');
  const offeredPlain = plain(offered.replace(/^SHA256:/, ''));
  // Behind the 43 characters ssh-keygen writes a comment and the type.
  return plain(found).slice(0, offeredPlain.length) === offeredPlain;
}
