// Passkeys: the browser's ceremonies, between the JSON of the server and the bytes of the browser.

type Json = Record<string, unknown>;

/** A ceremony that did not end well, in words for the reader. */
export class PasskeyError extends Error {}

/** Whether this browser can do it here: on HTTPS or this very machine, and under a name, not an IP address. */
export function passkeysSupported(): boolean {
  if (!("PublicKeyCredential" in globalThis) || !globalThis.isSecureContext) return false;
  return isName(location.hostname);
}

/** Why there are no passkeys in pages of the origin `here`; null when there are. */
export function passkeyHindrance(
  site: { available: boolean; origin?: string | null; obstacle?: string | null },
  here: string,
): string | null {
  if (site.available && site.origin === here) return null;
  if (site.available) return `Passkeys work when you open this server at ${site.origin}.`;
  switch (site.obstacle) {
    case "not_encrypted":
      return "Passkeys need HTTPS, everywhere but on localhost.";
    case "no_domain":
      return "Passkeys need a host name; this server is known by an IP address.";
    default:
      return "Passkeys need the server to know its address (server.public_url).";
  }
}

/** Whether a host is a name; passkeys are bound to one. */
export function isName(host: string): boolean {
  return !/^[\d.]+$|^\[/.test(host);
}

export function toBase64Url(bytes: ArrayBuffer): string {
  const text = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join("");
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

export function fromBase64Url(text: string): ArrayBuffer {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0)).buffer;
}

/** Servers send the options bare, or wrapped as the browser's own call takes them. */
function unwrap(options: Json): Json {
  return (options["publicKey"] as Json | undefined) ?? options;
}

function withBytes(descriptors: unknown): PublicKeyCredentialDescriptor[] {
  return ((descriptors as Json[] | undefined) ?? []).map((each) => ({
    ...(each as unknown as PublicKeyCredentialDescriptor),
    id: fromBase64Url(String(each["id"])),
  }));
}

export function creationOptions(json: Json): PublicKeyCredentialCreationOptions {
  const options = unwrap(json);
  const user = options["user"] as Json;
  return {
    ...(options as unknown as PublicKeyCredentialCreationOptions),
    challenge: fromBase64Url(String(options["challenge"])),
    user: {
      ...(user as unknown as PublicKeyCredentialUserEntity),
      id: fromBase64Url(String(user["id"])),
    },
    excludeCredentials: withBytes(options["excludeCredentials"]),
  };
}

export function requestOptions(json: Json): PublicKeyCredentialRequestOptions {
  const options = unwrap(json);
  return {
    ...(options as unknown as PublicKeyCredentialRequestOptions),
    challenge: fromBase64Url(String(options["challenge"])),
    allowCredentials: withBytes(options["allowCredentials"]),
  };
}

function credentialJson(credential: PublicKeyCredential, response: Json): Json {
  return {
    id: credential.id,
    rawId: toBase64Url(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: {
      clientDataJSON: toBase64Url(credential.response.clientDataJSON),
      ...response,
    },
  };
}

/** Lets the browser make a passkey; the answer is for the server. */
export async function createPasskey(options: Json): Promise<Json> {
  const credential = await ceremony(() =>
    navigator.credentials.create({ publicKey: creationOptions(options) }),
  );
  const response = credential.response as AuthenticatorAttestationResponse;
  return credentialJson(credential, {
    attestationObject: toBase64Url(response.attestationObject),
    transports: response.getTransports(),
  });
}

/** Lets the browser use a passkey; the answer is for the server. */
export async function usePasskey(options: Json): Promise<Json> {
  const credential = await ceremony(() =>
    navigator.credentials.get({ publicKey: requestOptions(options) }),
  );
  const response = credential.response as AuthenticatorAssertionResponse;
  return credentialJson(credential, {
    authenticatorData: toBase64Url(response.authenticatorData),
    signature: toBase64Url(response.signature),
    userHandle: response.userHandle ? toBase64Url(response.userHandle) : undefined,
  });
}

async function ceremony(start: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  if (!passkeysSupported()) throw new PasskeyError("This browser has no passkeys here.");
  try {
    const credential = await start();
    if (credential instanceof PublicKeyCredential) return credential;
    throw new PasskeyError("The browser gave no passkey.");
  } catch (error) {
    throw error instanceof DOMException ? new PasskeyError(reason(error.name)) : error;
  }
}

/** Why a ceremony failed, by the name of the browser's error. */
export function reason(name: string): string {
  switch (name) {
    case "NotAllowedError":
    case "AbortError":
      return "No passkey was used: the question was closed, or it timed out.";
    case "InvalidStateError":
      return "This device has a passkey for this account already.";
    case "SecurityError":
      return "Passkeys do not work at this address; open the server by its host name over HTTPS.";
    default:
      return "The browser could not use a passkey.";
  }
}
