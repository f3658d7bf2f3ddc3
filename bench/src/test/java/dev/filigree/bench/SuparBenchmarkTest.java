package dev.filigree.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SuparBenchmarkTest {
  @TempDir private Path folder;

  private static SuparRow row(int rate, @Nullable Double loss) {
    return new SuparRow("supar", 32, 1, rate, loss, null);
  }

  @Test
  void theBestRateIsTheLowestPointOfAParabolaBetweenThoseTried() {
    // (x + 6.2)²
    assertThat(SuparRow.best(List.of(row(-7, 0.64), row(-6, 0.04), row(-5, 1.44))))
        .isCloseTo(-6.2, within(1e-9));
    assertThat(SuparRow.best(List.of(row(-7, 0.5), row(-6, 0.4), row(-5, null)))).isEqualTo(-6);
    assertThat(SuparRow.best(List.of(row(-7, 0.3), row(-6, 0.4), row(-5, 0.6)))).isEqualTo(-7);
  }

  @Test
  void everyNetworkIsTrainedAtEveryRate() throws IOException {
    Path text = Files.createDirectories(folder.resolve("text"));
    for (int i = 0; i < 20; i++) {
      Files.writeString(text.resolve(i + ".txt"), "line %d of a text\n".formatted(i).repeat(200));
    }
    var settings =
        SuparSettings.parse(
            List.of(
                "widths=64,32",
                "densities=1,0.25",
                "rates=-8..-7",
                "steps=12",
                "batch=2",
                "sequence=16",
                "data=" + text,
                "to=" + folder));
    var rows = new ArrayList<SuparRow>();
    new SuparBenchmark(settings).run(rows::add);
    assertThat(rows).hasSize(2 * 2 * 2 * 2).allMatch(row -> row.loss() != null);
    assertThat(Files.readAllLines(folder.resolve(SuparBenchmark.CSV)))
        .hasSize(17)
        .startsWith("parametrization,width,density,log2_rate,loss,change");
    assertThat(Files.readString(folder.resolve(SuparPicture.NAME)))
        .contains("supar, density 0.25", "width 64");
    // At the base width a dense network has nothing to scale, and a sparse one a rate of four
    // times.
    assertThat(find(rows, "supar", 32, 1).change())
        .isEqualTo(find(rows, "standard", 32, 1).change());
    assertThat(find(rows, "supar", 32, 0.25).change())
        .isNotEqualTo(find(rows, "standard", 32, 0.25).change());
  }

  private static SuparRow find(List<SuparRow> rows, String name, long width, double density) {
    return rows.stream()
        .filter(row -> row.isBeside(new SuparRow(name, width, density, 0, null, null)))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aSettingThatMakesNoSenseIsRefused() {
    assertThatThrownBy(() -> SuparSettings.parse(List.of("densities=0")))
        .hasMessage("densities must lie in (0, 1], found 0.0");
    assertThatThrownBy(() -> SuparSettings.parse(List.of("widths=100")))
        .hasMessage("widths must be multiples of 32, found 100");
    assertThatThrownBy(() -> SuparSettings.parse(List.of("rates=high")))
        .hasMessageContaining("not a number");
  }
}
