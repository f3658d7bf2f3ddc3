package dev.filigree.sparsity;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Device;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CrossoverTest {
  private @TempDir Path folder;
  private final List<Integer> measured = new ArrayList<>();

  private Crossover crossover(boolean scalar, double others) {
    return new Crossover(
        folder.resolve("cache").resolve("crossover.json"),
        "a machine",
        scalar,
        size -> {
          measured.add(size);
          return new Crossover.Measured(0.8, others);
        });
  }

  private Path file() {
    return folder.resolve("cache").resolve("crossover.json");
  }

  @Test
  void onlyTheSizesAtHandAreMeasuredAndOnlyOnce() {
    Crossover first = crossover(false, 0);
    assertThat(first.slowness(600, 600, 0.9)).isEmpty();
    assertThat(first.slowness(1000, 1000, 0.7))
        .hasValue(
            "its sparsity is 0.700, and here a layer of its size is faster compressed from 0.800");
    assertThat(first.slowness(100, 100, 0.9)).isEmpty();
    assertThat(measured).containsExactly(512, 256);
    Crossover second = crossover(false, 0);
    assertThat(second.sparsity(700, 700)).isEqualTo(0.8);
    assertThat(second.sparsity(5000, 5000)).isEqualTo(0.8);
    assertThat(measured).as("512 was kept").containsExactly(512, 256, 2048);
  }

  @Test
  void scalarKernelsAreNeverFasterAndNeverMeasured() {
    Crossover crossover = crossover(true, 0);
    assertThat(crossover.slowness(2048, 2048, 0.99))
        .hasValueSatisfying(reason -> assertThat(reason).contains("scalar kernels"));
    assertThat(crossover.bySize())
        .hasSize(4)
        .allSatisfy((size, from) -> assertThat(from).isEqualTo(2));
    assertThat(measured).isEmpty();
    assertThat(file()).doesNotExist();
  }

  @Test
  void whatWasMeasuredBesideBusyProgramsIsNotKept() {
    Crossover busy = crossover(false, 0.5);
    assertThat(busy.sparsity(600, 600)).isEqualTo(0.8);
    assertThat(busy.sparsity(600, 600)).isEqualTo(0.8);
    assertThat(measured).containsExactly(512);
    assertThat(file()).doesNotExist();
  }

  @Test
  void aDamagedFileIsWrittenAnew() throws IOException {
    Files.createDirectories(file().getParent());
    Files.writeString(file(), "{\"a machine\": {\"512\": ");
    assertThat(crossover(false, 0).sparsity(600, 600)).isEqualTo(0.8);
    assertThat(crossover(false, 0).sparsity(600, 600)).isEqualTo(0.8);
    assertThat(measured).containsExactly(512);
    assertThat(file()).content().contains("\"512\" : 0.8");
    assertThat(folder.resolve("cache").toFile().list()).hasSize(1);
  }

  @Test
  void whatIsKnownOfOtherMachinesStays() throws IOException {
    Files.createDirectories(file().getParent());
    Files.writeString(file(), "{\"another\": {\"256\": 0.6}}");
    crossover(false, 0).sparsity(600, 600);
    assertThat(file()).content().contains("\"another\"", "\"256\" : 0.6", "\"a machine\"");
  }

  @Test
  void aFolderThatCannotBeWrittenStopsNothing() throws IOException {
    Files.writeString(folder.resolve("cache"), "a file where the folder should be");
    assertThat(crossover(false, 0).sparsity(600, 600)).isEqualTo(0.8);
  }

  @Test
  void theMeasurementItselfGivesASparsityOrNever() {
    double sparsity = new CrossoverMeasurement(new Device("cpu")).of(256).sparsity();
    assertThat(sparsity).isIn(0.5, 0.6, 0.7, 0.8, 0.9, 0.95, Crossover.NEVER);
  }
}
