package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExamplesTest {
  @Test
  void mlpLearnsTheSpiralWithAFifthOfItsWeights() {
    Outcome outcome = MlpExample.train(300);
    assertTrue(outcome.accuracy() > 0.9, outcome.toString());
    assertEquals(0.8, outcome.sparsity(), 1e-3);
  }

  @Test
  void convolutionsLearnTheStripesWithAFifthOfTheirWeights() {
    Outcome outcome = ConvolutionExample.train(200);
    assertTrue(outcome.accuracy() > 0.9, outcome.toString());
    assertEquals(0.8, outcome.sparsity(), 1e-3);
  }

  @Test
  void theProgramOfTheReadmeIsTheCompiledOneAndMakesTheLossFall() throws IOException {
    String program = Files.readString(Path.of("src/main/java/example/FirstSteps.java"));
    String readme = Files.readString(Path.of("../README.md"));
    assertTrue(readme.contains("```java\n" + program + "```"), "README.md has another FirstSteps");

    PrintStream before = System.out;
    var printed = new ByteArrayOutputStream();
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      FirstSteps.main(new String[0]);
    } finally {
      System.setOut(before);
    }
    List<Double> losses =
        printed
            .toString(StandardCharsets.UTF_8)
            .lines()
            .filter(line -> line.startsWith("step"))
            .map(line -> Double.valueOf(line.replaceAll(".* ", "")))
            .toList();
    assertEquals(100, losses.size());
    assertTrue(losses.getLast() < losses.getFirst() / 4, losses.toString());
  }
}
