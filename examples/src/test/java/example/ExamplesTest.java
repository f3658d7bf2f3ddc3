package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
}
