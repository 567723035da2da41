// The one cable of this page, made from its <meta> values. Anonymous pages have none.

import { Cable } from "./cable.js";
import { pageValue } from "./page.js";

function connect() {
  const [url, stream] = [pageValue("cable-url"), pageValue("stream")];
  if (!url || !stream) return null;
  const cable = new Cable(url);
  cable.subscribe(stream, pageValue("stream-last"));
  cable.start();
  return cable;
}

export const cable = connect();
