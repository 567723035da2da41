// Draws intervals of a video into an <svg viewBox="0 0 1000 1" preserveAspectRatio="none">.

const SVG = "http://www.w3.org/2000/svg";

/** Replaces the drawing by one rectangle per interval (ms) of a video of `duration` (ms). */
export function drawIntervals(svg, intervals, duration) {
  if (!svg || !(duration > 0)) return;
  const rectangles = intervals.map(([from, to]) => {
    const rectangle = document.createElementNS(SVG, "rect");
    rectangle.setAttribute("x", String((1000 * from) / duration));
    rectangle.setAttribute("width", String(Math.max(0.5, (1000 * (to - from)) / duration)));
    rectangle.setAttribute("height", "1");
    return rectangle;
  });
  svg.replaceChildren(...rectangles);
}
