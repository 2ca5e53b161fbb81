/**
 * Copies what an element says.
 *
 * @returns false where the browser does not allow it (a page that is not from `localhost` or HTTPS):
 *   the text is selected then.
 */
export async function copyText(element: Element): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  } catch {
    getSelection()?.selectAllChildren(element);
    return false;
  }
}
