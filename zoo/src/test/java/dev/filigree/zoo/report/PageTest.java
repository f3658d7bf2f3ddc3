package dev.filigree.zoo.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.report.CompareReport.Method;
import dev.filigree.zoo.report.CompareReport.Run;
import dev.filigree.zoo.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The page as Chromium shows it; not where there is none. With {@code -Dfiligree.screenshots=DIR}
 * the pictures of the guides are written there.
 */
class PageTest {
  private static Chromium chromium;

  @TempDir Path folder;

  @BeforeAll
  static void start() throws Exception {
    Optional<Path> program = Chromium.program();
    assumeTrue(program.isPresent(), "no Chromium on this machine");
    chromium = new Chromium(program.get());
  }

  @AfterAll
  static void stop() throws Exception {
    if (chromium != null) {
      chromium.close();
    }
  }

  private static void show(Path file, int width, boolean dark) throws InterruptedException {
    chromium.open(file.toUri().toString(), width, 1500, dark);
    chromium.await("document.querySelector('footer')");
  }

  private static String text(String selector) throws InterruptedException {
    return chromium
        .evaluate(
            "[...document.querySelectorAll('%s')].map(e => e.innerText).join('|')"
                .formatted(selector))
        .asText();
  }

  /** Every chart that is shown has a canvas as wide as its card, and nothing sticks out. */
  private static void assertFits(int width) throws InterruptedException {
    assertThat(chromium.evaluate("document.documentElement.scrollWidth").asInt())
        .isLessThanOrEqualTo(width);
    chromium.await(
        "[...document.querySelectorAll('.chart:not([hidden]) .plot')].every(plot => {"
            + "const drawn = plot.querySelector('.u-wrap').getBoundingClientRect();"
            + "return drawn.width > 200 && drawn.right <= plot.getBoundingClientRect().right + 1})");
    assertThat(chromium.complaints()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"1280, false", "400, false", "1280, true", "400, true"})
  void aReportFitsTheScreenAndShowsEveryChart(int width, boolean dark) throws Exception {
    SyntheticRun.write(folder, 300, 1);
    SyntheticMasks.save(folder, SyntheticRun.PARAMETERS.getFirst(), 300, 70, 200, 1);
    show(RunReport.write(folder), width, dark);
    assertFits(width);
    assertThat(text(".chart:not([hidden]) h2"))
        .isEqualTo(
            "Loss|Learning rate|Tokens a second|Sparsity|Mean density so far|Gradient norm|"
                + "Weights exchanged|Age of the weights");
    assertThat(text(".tile b")).contains("2.2514", "9.50", "79.98 %", "20.3 k", "1.76 GiB");
    assertThat(text(".layer .name")).isEqualTo("0 q_proj|0 up_proj|1 down_proj");
    chromium.evaluate(
        "(() => {const choice = document.querySelector('select'); choice.value = 'sparsity';"
            + " choice.dispatchEvent(new Event('change'))})()");
    assertThat(text(".layer .value b.off")).isEqualTo("76.00 %");
    chromium.evaluate(
        "(() => {const choice = document.querySelector('select'); choice.value = 'age_median';"
            + " choice.dispatchEvent(new Event('change'))})()");
    assertThat(text(".layer .value")).isEqualTo("75|75|75");
    chromium.evaluate("document.querySelector('[value=flops]').click()");
    assertThat(chromium.evaluate("view.extent()[1]").asDouble())
        .isEqualTo(300 * SyntheticRun.FLOPS);
    assertThat(chromium.evaluate("document.images.length").asInt()).isEqualTo(4);
  }

  @Test
  void valuesUnderThePointerAreShownInEveryChart() throws Exception {
    SyntheticRun.write(folder, 100, 1);
    show(RunReport.write(folder), 1280, false);
    var box =
        chromium.evaluate(
            "(() => {const r = document.querySelector('.u-over')"
                + ".getBoundingClientRect(); return [r.left, r.top, r.width, r.height]})()");
    double x = box.get(0).asDouble() + box.get(2).asDouble() / 2;
    double y = box.get(1).asDouble() + box.get(3).asDouble() / 2;
    chromium.mouse("mouseMoved", x, y);
    chromium.await("document.querySelectorAll('.chart:not([hidden]) .place').length === 8");
    assertThat(text(".chart .place")).matches("(step \\d+\\|?)+");
    chromium.mouse("mousePressed", x, y);
    chromium.mouse("mouseMoved", x + 200, y);
    chromium.mouse("mouseReleased", x + 200, y);
    chromium.await("!document.querySelector('.whole').hidden");
    assertThat(chromium.evaluate("view.zoom[0]").asDouble()).isBetween(45.0, 55.0);
    chromium.evaluate("document.querySelector('.whole').click()");
    chromium.await("document.querySelector('.whole').hidden && view.zoom === null");
  }

  @Test
  void axesAndSmoothingChangeWhatIsDrawnAndUnknownTimeCannotBeChosen() throws Exception {
    SyntheticRun.write(folder, 100, 1);
    show(RunReport.write(folder), 1280, false);
    String chosen = "document.querySelector('.segments [aria-pressed=true]').innerText";
    assertThat(chromium.evaluate(chosen).asText()).isEqualTo("steps");
    assertThat(chromium.evaluate("document.querySelector('[value=seconds]').disabled").asBoolean())
        .isTrue();
    chromium.evaluate("document.querySelector('[value=positions]').click()");
    assertThat(chromium.evaluate(chosen).asText()).isEqualTo("tokens");
    assertThat(chromium.evaluate("view.extent()[1]").asLong()).isEqualTo(409_600);
    chromium.evaluate("document.querySelector('input[type=checkbox]').click()");
    assertThat(chromium.evaluate("[...charts][0].plot.scales.y.distr").asInt()).isEqualTo(3);
    assertThat(chromium.complaints()).isEmpty();
  }

  @Test
  void oneGradientNormOfAThousandDoesNotFlattenTheOthers() throws Exception {
    SyntheticRun.write(folder, 100, 1);
    Path metrics = folder.resolve("metrics.jsonl");
    Files.writeString(
        metrics,
        Files.readString(metrics).replaceFirst("\"grad_norm\":[\\d.]+", "\"grad_norm\":1000"));
    show(RunReport.write(folder), 1280, false);
    assertThat(text(".remark")).contains("One value lies above the axis, the greatest is 1000.");
    assertThat(
            chromium
                .evaluate(
                    "[...charts].find(c => c.options.title === 'Gradient norm').plot.scales.y.max")
                .asDouble())
        .isLessThan(5);
  }

  @Test
  void textOfTheRunIsShownAndDoesNothing() throws Exception {
    String evil = "<img src=x onerror=alert(1)></script><script>alert(2)</script>";
    for (String name : RunFiles.ALL) {
      Files.writeString(folder.resolve(name), evil);
    }
    Files.writeString(
        folder.resolve("metrics.jsonl"),
        SyntheticRun.updateRow(1, evil, 1, 1)
            + "\n{\"event\":\"start\",\"step\":2,\"command\":\""
            + evil
            + "\",\"model\":\"<b>\"}\n");
    show(RunReport.write(folder), 1280, false);
    assertThat(text("pre")).contains(evil);
    assertThat(text(".tag")).isEqualTo(evil);
    assertThat(text("dd")).contains(evil);
    assertThat(chromium.evaluate("document.images.length").asInt()).isZero();
    assertThat(chromium.complaints()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {1280, 400})
  void aComparisonShowsMethodsSeedsAndLinks(int width) throws Exception {
    List<Path> runs =
        List.of(
            folder.resolve("rigl-seed0"), folder.resolve("rigl-seed1"), folder.resolve("dense"));
    for (int seed = 0; seed < runs.size(); seed++) {
      SyntheticRun.write(Files.createDirectories(runs.get(seed)), 100, seed + 1);
    }
    Files.writeString(runs.get(1).resolve("config.yaml"), "trainer:\n  init:\n    seed: 2\n");
    Map<Long, Double> losses = Map.of(0L, 2.24, 1L, 2.26);
    var rigl =
        new MethodSummary(
            2,
            0,
            Map.of(MethodSummary.LOSS, Estimate.of(losses.values())),
            Map.of(
                MethodSummary.TO_STATIC,
                Optional.of(PairedDifference.of("dense", losses, Map.of(0L, 2.34, 1L, 2.361)))));
    var dense =
        new MethodSummary(1, 0, Map.of(MethodSummary.LOSS, Estimate.of(List.of(2.34))), Map.of());
    Path page =
        CompareReport.write(
            folder,
            List.of("Equal tokens.", "Two seeds."),
            List.of(
                new Method("rigl", List.of(run(runs.get(0)), run(runs.get(1))), rigl),
                new Method("dense", List.of(run(runs.get(2))), dense)));
    show(page, width, false);
    assertFits(width);
    assertThat(text("tbody tr:first-child td")).contains("rigl", "2", "2.2500 ± 0.0100");
    assertThat(text("td b")).isEqualTo("−0.1005"); // its interval does not hold 0
    assertThat(text("td small")).isEqualTo("−0.1069 to −0.0941");
    assertThat(text(".sentences li")).isEqualTo("Equal tokens.|Two seeds.");
    assertThat(text(".card > .remark")).contains("One seed: no interval.");
    assertThat(
            chromium
                .evaluate("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
                .toString())
        .isEqualTo("[\"rigl-seed0/report.html\",\"rigl-seed1/report.html\",\"dense/report.html\"]");
    assertThat(text("table.settings")).contains("seed");
    // The mean with its band of two edges, and each seed; dense has one seed.
    assertThat(chromium.evaluate("[...charts][0].columns.length").asInt()).isEqualTo(2 + 3 + 1);
    chromium.evaluate("document.querySelector('[value=flops]').click()");
    assertThat(chromium.evaluate("view.extent()[1]").asDouble())
        .isEqualTo(100 * SyntheticRun.FLOPS);
    assertFits(width);
  }

  private static Run run(Path directory) {
    return new Run(directory.getFileName().toString(), directory);
  }

  @Test
  void aRunThatGoesOnIsFollowed() throws Exception {
    Path run = Files.createDirectories(folder.resolve("run"));
    Path metrics = run.resolve("metrics.jsonl");
    Files.writeString(metrics, SyntheticRun.trainRow(1, 5, 0, 9) + "\n");
    try (var server = new WatchServer(List.of(run), 0)) {
      chromium.open(server.url(), 1280, 1200, false);
      chromium.await("document.querySelector('.state.running')");
      Files.writeString(
          metrics, SyntheticRun.trainRow(2, 4.5, 0, 9) + "\n", StandardOpenOption.APPEND);
      chromium.await("document.querySelector('.tiles').innerText.includes('4.5000')");
      assertThat(chromium.complaints()).isEmpty();
      chromium.open("about:blank", 1280, 1200, false);
    }
  }

  @Test
  void theLiveViewDuringARun() throws Exception {
    String pictures = System.getProperty("filigree.screenshots");
    assumeTrue(pictures != null, "only makes the pictures of the guides");
    Path run = folder.resolve("rigl-80");
    RunConfig config = RunConfig.defaults(List.of("logging.log_steps=1", "loop.eval_frequency=50"));
    try (Trainer trainer = Trainer.start(config, run)) {
      Files.writeString(run.resolve("tags.txt"), "rigl\nbytes\n");
      var training = Thread.ofPlatform().start(trainer::run);
      try (var server = new WatchServer(List.of(run), 0)) {
        picture(server, 1280, Path.of(pictures, "live-1280.png"));
        picture(server, 400, Path.of(pictures, "live-400.png"));
        chromium.open("about:blank", 1280, 1200, false);
      }
      trainer.requestStop();
      training.join();
    }
  }

  private static void picture(WatchServer server, int width, Path file)
      throws IOException, InterruptedException {
    chromium.open(server.url(), width, width == 400 ? 1500 : 1400, false);
    for (int waited = 0; waited < 20; waited++) {
      chromium.await("document.querySelector('.tiles')");
      if (chromium.evaluate("Number(last(view.runs[0].train.step))").asInt() >= 300) {
        break;
      }
      Thread.sleep(5_000);
    }
    chromium.screenshot(file);
  }
}
