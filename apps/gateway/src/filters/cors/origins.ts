const ORIGIN = /^(https?:\/\/)(\*\.)?((?:[a-z0-9-]+\.)*[a-z0-9-]+(?::\d{1,5})?)$/;
const LABELS = /^(?:[a-z0-9-]+\.)+$/;

/**
 * Whether an origin is one of these: as it stands, a subdomain of `https://*.example`, or any by `*`.
 * @throws TypeError for what is none of these.
 */
export function originMatcher(origins: readonly string[]): (origin: string) => boolean {
  if (origins.includes('*')) return () => true;
  const exact = new Set<string>();
  const subdomains: { readonly scheme: string; readonly domain: string }[] = [];
  for (const origin of origins) {
    const [, scheme, wildcard, domain] = ORIGIN.exec(origin) ?? [];
    if (scheme === undefined || domain === undefined) {
      throw new TypeError(
        `"${origin}" is no origin; write https://shop.example, https://*.example or *`,
      );
    }
    if (wildcard === undefined) exact.add(origin);
    else subdomains.push({ scheme, domain });
  }
  return (origin) =>
    exact.has(origin) ||
    subdomains.some(
      ({ scheme, domain }) =>
        origin.startsWith(scheme) &&
        origin.endsWith(domain) &&
        LABELS.test(origin.slice(scheme.length, -domain.length)),
    );
}
