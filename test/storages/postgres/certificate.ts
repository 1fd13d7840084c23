import { generateKeyPairSync, sign } from "node:crypto";

/** A certificate for localhost that signs itself, and its key, both as PEM. */
export function selfSigned(): { certificate: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const ecdsaWithSha256 = part(0x30, part(0x06, Buffer.from("2a8648ce3d040302", "hex")));
  // commonName
  const name = part(
    0x30,
    part(0x31, part(0x30, part(0x06, Buffer.from("550403", "hex")), part(0x0c, Buffer.from("localhost")))),
  );
  const day = 86_400_000;
  const validity = part(
    0x30,
    ...[-day, day].map((offset) => part(0x17, Buffer.from(utcTime(new Date(Date.now() + offset))))),
  );
  // subjectAltName: a DNS name. basicConstraints: an authority.
  const names = part(0x30, part(0x82, Buffer.from("localhost")));
  const extensions = part(
    0xa3,
    part(
      0x30,
      part(0x30, part(0x06, Buffer.from("551d11", "hex")), part(0x04, names)),
      part(
        0x30,
        part(0x06, Buffer.from("551d13", "hex")),
        part(0x01, Buffer.of(0xff)),
        part(0x04, part(0x30, part(0x01, Buffer.of(0xff)))),
      ),
    ),
  );
  const content = part(
    0x30,
    ...[part(0xa0, part(0x02, Buffer.of(2))), part(0x02, Buffer.of(1)), ecdsaWithSha256, name, validity, name],
    ...[publicKey.export({ type: "spki", format: "der" }), extensions],
  );
  const signature = sign("sha256", content, privateKey);
  const whole = part(0x30, content, ecdsaWithSha256, part(0x03, Buffer.of(0), signature));
  const lines = whole.toString("base64").replace(/.{1,64}/g, "$&\n");
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** One part of DER: its tag, its length, what it holds. */
function part(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const length =
    body.length < 128
      ? [body.length]
      : body.length < 256
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.of(tag, ...length), body]);
}

function utcTime(date: Date): string {
  return date.toISOString().replace(/^\d\d|[-:T]|\.\d+/g, "");
}
