// The small charts of the overview: bars for this year, a line for the year before.
"use strict";

(function () {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const font = style.getPropertyValue("--sans").trim();

  function numbers(text) {
    return text.split(",").map(Number);
  }

  function draw(box) {
    const until = Number(box.dataset.until);
    const year = Number(box.dataset.year);
    const before = numbers(box.dataset.last);
    const chart = echarts.init(box, null, { renderer: "svg" });
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: font },
      grid: { left: 30, right: 4, top: 8, bottom: 18 },
      tooltip: {
        trigger: "axis",
        renderMode: "richText", // the other mode needs inline styles, which our content policy forbids
        confine: true,
        backgroundColor: colour("--sheet"),
        borderColor: colour("--line-strong"),
        padding: [4, 8],
        textStyle: { color: colour("--ink"), fontSize: 12 },
        axisPointer: { type: "shadow", shadowStyle: { color: "rgba(47, 93, 134, 0.08)" } },
        formatter: (points) => points[0].axisValue + "月\n" + points.map((p) => p.seriesName + "年  " + (p.value === undefined ? "—" : p.value)).join("\n"),
      },
      xAxis: {
        type: "category",
        data: Array.from({ length: 12 }, (_, i) => String(i + 1)),
        axisTick: { show: false },
        axisLine: { lineStyle: { color: colour("--line-strong") } },
        axisLabel: { color: colour("--ink-soft"), fontSize: 10, interval: (i) => i % 3 === 0 || i === 11, margin: 5 },
      },
      yAxis: {
        type: "value",
        minInterval: 1,
        splitNumber: 2,
        axisLabel: { color: colour("--ink-soft"), fontSize: 10, margin: 4 },
        splitLine: { lineStyle: { color: colour("--line") } },
      },
      series: [
        {
          name: String(year),
          type: "bar",
          data: numbers(box.dataset.this).map((n, i) => (i < until ? n : null)),
          barWidth: "58%",
          itemStyle: { color: colour("--chart") },
          emphasis: { disabled: true },
        },
        {
          name: String(year - 1),
          type: "line",
          data: before.some((n) => n > 0) ? before : [],
          symbol: "none",
          lineStyle: { color: colour("--chart-before"), width: 1.5, type: [4, 2] },
          itemStyle: { color: colour("--chart-before") },
          emphasis: { disabled: true },
        },
      ],
    });
    box.setAttribute("data-drawn", "");
    return chart;
  }

  const charts = typeof echarts === "undefined" ? [] : Array.from(document.querySelectorAll(".chart")).map(draw);
  const fit = () => charts.forEach((chart) => chart.resize());
  window.addEventListener("resize", fit);
  window.addEventListener("beforeprint", fit);
  window.addEventListener("afterprint", fit);
})();
