import { describe, expect, it } from 'vitest';
import { compareFingerprint } from './fingerprint';

const offered = 'SHA256:TgT1e36sG8PabW68zViV0Fai7hRCK0mywfqdMAE1unI';

describe('compareFingerprint', () => {
  it('says nothing about nothing', () => expect(compareFingerprint('  ', offered)).toBeNull());
  it.each([offered, offered.slice(7), `256 ${offered} root@stage-2 (ED25519)`, 'SHA256: TgT1 e36s G8Pa bW68 zViV 0Fai 7hRC K0my wfqd MAE1 unI'])('takes %s', (text) => expect(compareFingerprint(text, offered)).toBe(true));
  it.each([offered.slice(0, -1), offered.replace('TgT1', 'tgT1'), 'MD5:aa:bb', 'SHA256:'])('refuses %s', (text) => expect(compareFingerprint(text, offered)).toBe(false));
});
